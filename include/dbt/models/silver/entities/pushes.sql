with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'PushEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    push_id,

    -- strings
    era,
    actor_login,
    repo_name,
    ref,
    head_sha,
    before_sha,

    -- numerics
    push_size,
    distinct_size,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
