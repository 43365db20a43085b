with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'CommitCommentEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    comment_id,

    -- strings
    era,
    actor_login,
    repo_name,
    comment_commit_sha,
    comment_path,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
