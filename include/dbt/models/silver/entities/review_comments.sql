with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'PullRequestReviewCommentEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    comment_id,
    pull_request_id,
    author_key as pull_request_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    comment_commit_sha,
    comment_path,

    -- numerics
    number as pull_request_number,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
