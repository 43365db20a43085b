{{ config(materialized='view') }}

with

hours as (

    select * from {{ source('ledger', 'hours') }}

),

-- The archive's range that was looked at so far
loaded as (

    select
        min(file_hour) as first_file_hour,
        max(file_hour) as last_file_hour
    from hours
    where status != 'missing'

),

offsets as (

    select 0 as hours_behind
    union all
    select 7 as hours_behind
    union all
    select 8 as hours_behind

),

candidates as (

    select
        hours.*,
        offsets.hours_behind,
        dateadd('hour', offsets.hours_behind, hours.file_hour) as event_hour
    from hours
    inner join loaded
        on
            hours.file_hour >= loaded.first_file_hour
            and hours.file_hour <= loaded.last_file_hour
    cross join offsets

),

-- Until 2014 the files' names are in Pacific time, where an hour each autumn
-- is two of UTC and an hour each spring is none
in_utc as (

    select *
    from candidates
    where
        (
            file_hour >= to_timestamp_ntz('2015-01-01', 'YYYY-MM-DD')
            and hours_behind = 0
        )
        or (
            file_hour < to_timestamp_ntz('2015-01-01', 'YYYY-MM-DD')
            and hours_behind > 0
            and convert_timezone('UTC', 'America/Los_Angeles', event_hour)
            = file_hour
        )

)

select
    event_hour,
    cast(event_hour as date) as event_date,
    max(case when status = 'loaded' then 1 else 0 end) = 1 as is_loaded,
    min(case when status = 'missing' then 1 else 0 end) = 1 as is_missing,
    max(case when is_suspicious then 1 else 0 end) = 1 as is_suspicious,
    max(case when is_republished then 1 else 0 end) = 1 as is_republished,
    cast(sum(lines_read) as number(38, 0)) as lines_read,
    cast(sum(rows_kept) as number(38, 0)) as rows_kept,
    cast(sum(rows_dropped) as number(38, 0)) as rows_dropped,
    cast(sum(rows_quarantined) as number(38, 0)) as rows_quarantined
from in_utc
group by event_hour
