{{ config(materialized='view') }}

{{ current_names(
    ref('yearly_names'),
    entity='organisation',
    prefix='org',
    name='org_login',
) }}
