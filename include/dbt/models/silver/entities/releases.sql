with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'ReleaseEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    release_id,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    release_tag,
    release_name,

    -- booleans
    is_bot,
    is_prerelease,

    -- timestamps
    created_at,
    event_date
from events
