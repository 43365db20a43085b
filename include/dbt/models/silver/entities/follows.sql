with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'FollowEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    target_id as followed_id,

    -- strings
    era,
    actor_login,
    target_login as followed_login,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
