{{ config(materialized='view') }}

{{ current_names(
    ref('yearly_names'),
    entity='repository',
    prefix='repo',
    name='repo_name',
    derived={'owner_login': "split_part(current_names.name, '/', 1)"},
) }}
