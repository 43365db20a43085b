with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'GollumEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,

    -- strings
    era,
    actor_login,
    repo_name,
    page_name,
    page_action as activity,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
