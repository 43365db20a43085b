{{ config(unique_key='event_date') }}

with

daily_activity as (

    select *
    from {{ ref('daily_activity') }}
    where {{ rows_of_this_run('event_date') }}

)

select
    event_date,

    -- ids
    repo_key,
    repo_id,

    -- strings
    max(repo_name) as repo_name,

    -- numerics
    {{ sums_of_measures() }}
    cast(count(distinct actor_key) as number(38, 0)) as actor_count,
    cast(
        count(distinct case when not is_bot then actor_key end)
        as number(38, 0)
    ) as human_count
from daily_activity
group by event_date, repo_key, repo_id
