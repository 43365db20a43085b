{{ config(materialized='view', alias='EventsMetrics') }}

with

daily_activity as (

    select *
    from {{ ref('daily_activity') }}
    where
        actor_id is not null
        and repo_id is not null
        and not is_bot

)

select
    actor_id as user_id,
    repo_id,
    {{ sums_of_measures() }}
    count(*) as active_days,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from daily_activity
group by actor_id, repo_id
