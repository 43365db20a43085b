with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'IssuesEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    issue_id,
    author_key,

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

    -- timestamps
    created_at,
    event_date,
    opened_at
from events
