with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'ForkEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    fork_repo_id,

    -- strings
    era,
    actor_login,
    repo_name,
    fork_repo_name,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
