with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'IssueCommentEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    comment_id,
    issue_id,
    author_key as issue_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    title,

    -- numerics
    number as issue_number,

    -- booleans
    is_bot,
    is_pull_request,

    -- timestamps
    created_at,
    event_date
from events
