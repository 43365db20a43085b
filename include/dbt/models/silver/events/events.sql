{{ config(unique_key='event_date') }}

with

event_rows as (

    select
        *,
        -- Files and their lines in order, as one number
        datediff(
            'hour', to_timestamp_ntz('2011-01-01', 'YYYY-MM-DD'), file_hour
        )
        * 1000000000 + file_row_number as archive_position
    from {{ ref('event_rows') }}
    where
        {{ rows_of_this_run('event_date') }}
        and reject_reason is null

),

-- Apart, so that the grouping needn't carry whole rows
winners as (

    select min(archive_position) as archive_position
    from event_rows
    group by event_id, created_at

)

select event_rows.* exclude (odd_values, reject_reason, archive_position)
from event_rows
inner join winners
    on event_rows.archive_position = winners.archive_position
