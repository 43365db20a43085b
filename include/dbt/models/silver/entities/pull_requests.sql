with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'PullRequestEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    pull_request_id,
    author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    case when is_merged then 'merged' else action end as activity,
    title,
    base_ref,
    head_ref,

    -- numerics
    number as pull_request_number,
    commit_count,
    added_lines,
    deleted_lines,
    changed_files,

    -- booleans
    is_bot,
    is_merged,
    is_draft,

    -- timestamps
    created_at,
    event_date,
    opened_at,
    coalesce(merged_at, case when is_merged then created_at end) as merged_at
from events
