{{ config(unique_key='event_date', cluster_by=['event_date']) }}

with

event_rows as (

    select *
    from {{ ref('event_rows') }}
    where
        {{ in_change_set('event_date') }}
        and reject_reason is null

),

-- Apart, lest whole rows go through the sorting
winners as (

    select
        file_name,
        file_row_number
    from event_rows
    qualify
        row_number() over (
            partition by event_id, created_at
            order by file_name, file_row_number
        ) = 1

)

select event_rows.* exclude (reject_reason)
from event_rows
inner join winners
    on
        event_rows.file_name = winners.file_name
        and event_rows.file_row_number = winners.file_row_number
