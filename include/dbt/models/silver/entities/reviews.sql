with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'PullRequestReviewEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    review_id,
    pull_request_id,
    author_key as pull_request_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    review_state,

    -- numerics
    number as pull_request_number,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
