with

events as (

    select *
    from {{ ref('events') }}
    where event_type in ('CreateEvent', 'DeleteEvent')

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
    iff(event_type = 'CreateEvent', 'created', 'deleted') as activity,
    ref_type,
    ref,
    default_branch,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
