with

events as (

    select *
    from {{ ref('events') }}
    where event_type = 'DownloadEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    payload_id as download_id,

    -- strings
    era,
    actor_login,
    repo_name,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events
