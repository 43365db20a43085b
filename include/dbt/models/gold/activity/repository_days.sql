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
    repo_key,
    repo_id,

    -- numerics
    cast(sum(event_count) as number(38, 0)) as event_count,
    cast(sum(star_count) as number(38, 0)) as star_count,
    cast(sum(fork_count) as number(38, 0)) as fork_count,
    cast(sum(push_count) as number(38, 0)) as push_count,
    cast(sum(issue_count) as number(38, 0)) as issue_count,
    cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
    cast(sum(merged_count) as number(38, 0)) as merged_count,
    cast(sum(contribution_count) as number(38, 0)) as contribution_count,
    count(distinct actor_key) as actor_count,
    count(distinct case when not is_bot then actor_key end) as human_count
from daily_activity
group by event_date, repo_key, repo_id
