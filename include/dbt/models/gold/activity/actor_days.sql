{{ config(unique_key='event_date', cluster_by=['event_date']) }}

with

daily_activity as (

    select *
    from {{ ref('daily_activity') }}
    where {{ in_change_set('event_date') }}

)

select
    event_date,

    -- ids
    actor_key,
    actor_id,

    -- numerics
    cast(sum(event_count) as number(38, 0)) as event_count,
    cast(sum(star_count) as number(38, 0)) as star_count,
    cast(sum(push_count) as number(38, 0)) as push_count,
    cast(sum(issue_count) as number(38, 0)) as issue_count,
    cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
    cast(sum(merged_count) as number(38, 0)) as merged_count,
    cast(sum(contribution_count) as number(38, 0)) as contribution_count,
    count(distinct repo_key) as repo_count,

    -- booleans
    max(case when is_bot then 1 else 0 end) = 1 as is_bot
from daily_activity
group by event_date, actor_key, actor_id
