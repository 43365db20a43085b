{{ config(unique_key='event_date') }}

with

event_rows as (

    select *
    from {{ ref('event_rows') }}
    where {{ in_change_set('event_date') }}

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    org_id,

    -- strings
    era,
    event_type,
    actor_login,
    repo_name,
    org_login,
    action,
    ref,
    ref_type,

    -- numerics
    push_size,
    distinct_size,
    issue_number,

    -- booleans
    is_merged,
    is_bot,

    -- timestamps
    created_at,
    event_date,

    -- provenance
    file_name,
    file_hour,
    file_row_number
from event_rows
qualify
    row_number() over (
        partition by event_id, created_at
        order by file_name, file_row_number
    ) = 1
