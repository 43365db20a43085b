{{ config(materialized='view') }}

{% set bot_reason = bot_reason('current_names.name') %}

{{ current_names(
    ref('yearly_names'),
    entity='actor',
    prefix='actor',
    name='actor_login',
    derived={
        'bot_reason': bot_reason,
        'is_bot': bot_reason ~ ' is not null',
    },
) }}
