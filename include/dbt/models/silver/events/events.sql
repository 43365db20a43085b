{{ config(unique_key='event_date', cluster_by=['event_date']) }}

with

event_rows as (

    select
        *,
        -- Files and their lines in order, as one number
        datediff('hour', to_timestamp_ntz('2011-01-01'), file_hour)
        * 1000000000 + file_row_number as place
    from {{ ref('event_rows') }}
    where
        {{ in_change_set('event_date') }}
        and reject_reason is null

),

-- Apart, lest whole rows go through the grouping
winners as (

    select min(place) as place
    from event_rows
    group by event_id, created_at

)

select event_rows.* exclude (reject_reason, place)
from event_rows
inner join winners on event_rows.place = winners.place
