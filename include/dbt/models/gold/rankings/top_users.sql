{{ config(materialized='view') }}

{{ tops(
    entity='actor',
    prefix='actor',
    names=['actor_login', 'is_bot'],
    rankings=ref('rankings'),
    profiles=ref('actor_profiles'),
    days=ref('actor_days'),
    bearers=ref('actors'),
    coverage=ref('coverage'),
) }}
