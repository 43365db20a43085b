with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'GistEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    payload_id as gist_id,

    -- strings
    era,
    actor_login,
    action as activity,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
