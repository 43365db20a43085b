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
        count(*) as repo_count,
        cast(sum(repository_days.event_count) as number(38, 0)) as event_count,
        cast(sum(repository_days.star_count) as number(38, 0)) as star_count,
        cast(sum(repository_days.push_count) as number(38, 0)) as push_count,
        cast(sum(repository_days.pull_request_count) as number(38, 0))
            as pull_request_count
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
    languages.event_count,
    languages.star_count,
    languages.push_count,
    languages.pull_request_count,
    coalesce(coverage.is_complete, false) as is_day_complete
from languages
left join coverage
    on languages.event_date = coverage.event_date
