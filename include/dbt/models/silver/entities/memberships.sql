with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'MemberEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    member_id,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    member_login,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
