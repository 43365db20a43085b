{{ config(tags=['all_time']) }}

with

repository_days as (

    select *
    from {{ ref('repository_days') }}
    where {{ rows_of_this_run() }}

),

repository_profiles as (

    select * from {{ ref('repository_profiles') }}

)

select
    repository_days.event_date,
    coalesce(repository_profiles.primary_language, 'unknown')
        as primary_language,
    {{ sums_of_measures('repository_days') }}
    cast(count(*) as number(38, 0)) as repo_count
from repository_days
left join repository_profiles
    on repository_days.repo_key = repository_profiles.repo_key
where repository_days.repo_key is not null
group by
    repository_days.event_date,
    coalesce(repository_profiles.primary_language, 'unknown')
