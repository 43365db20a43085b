{{ config(materialized='view') }}

{{ tops(
    entity='repository',
    prefix='repo',
    names=['repo_name'],
    rankings=ref('rankings'),
    profiles=ref('repository_profiles'),
    days=ref('repository_days'),
    bearers=ref('repositories'),
    coverage=ref('coverage'),
) }}
