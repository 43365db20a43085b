{{ config(materialized='view') }}

with

repository_days as (

    select * from {{ ref('repository_days') }}

),

repository_profiles as (

    select * from {{ ref('repository_profiles') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

languages as (

    select
        repository_days.event_date,
        repository_profiles.primary_language,
        {{ sums_of_measures('repository_days') | indent(4) }}
        count(*) as repo_count
    from repository_days
    inner join repository_profiles
        on repository_days.repo_key = repository_profiles.repo_key
    group by
        repository_days.event_date, repository_profiles.primary_language

)

select
    languages.event_date,
    coalesce(languages.primary_language, 'unknown') as primary_language,
    languages.repo_count,
    {% for measure in model.columns if measure in measures() %}
        languages.{{ measure }},
    {% endfor %}
    coalesce(coverage.is_complete, false) as is_day_complete
from languages
left join coverage
    on languages.event_date = coverage.event_date
