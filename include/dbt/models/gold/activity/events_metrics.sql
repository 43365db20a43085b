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
    cast(sum(event_count) as number(38, 0)) as event_count,
    cast(sum(star_count) as number(38, 0)) as star_count,
    cast(sum(fork_count) as number(38, 0)) as fork_count,
    cast(sum(push_count) as number(38, 0)) as push_count,
    cast(sum(issue_count) as number(38, 0)) as issue_count,
    cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
    count(*) as active_days,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from daily_activity
group by actor_id, repo_id
