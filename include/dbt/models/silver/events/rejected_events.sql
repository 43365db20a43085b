{{ config(materialized='view') }}

with

event_rows as (

    select *
    from {{ ref('event_rows') }}
    where reject_reason is not null

)

select
    file_name,
    file_hour,
    file_row_number,
    event_id,
    event_type,
    actor_login,
    repo_name,
    reject_reason
from event_rows
