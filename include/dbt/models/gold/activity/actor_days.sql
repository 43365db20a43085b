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
    actor_key,
    actor_id,

    -- strings
    max(actor_login) as actor_login,

    -- numerics
    {{ sums_of_measures() }}
    cast(count(distinct repo_key) as number(38, 0)) as repo_count,

    -- booleans
    max(case when is_bot then 1 else 0 end) = 1 as is_bot
from daily_activity
group by event_date, actor_key, actor_id
