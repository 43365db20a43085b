{{ config(materialized='view') }}

with

coverage_hours as (

    select * from {{ ref('coverage_hours') }}

)

select
    event_date,
    count(case when is_loaded then 1 end) as hours_loaded,
    count(case when not is_loaded and not is_missing then 1 end)
        as hours_gap,
    24 - count(case when not is_missing then 1 end) as hours_missing,
    count(case when is_suspicious then 1 end) as hours_suspicious,
    count(case when is_republished then 1 end) as hours_republished,
    count(case when is_loaded and not is_suspicious then 1 end) = 24
        as is_complete,
    cast(sum(lines_read) as number(38, 0)) as lines_read,
    cast(sum(rows_kept) as number(38, 0)) as rows_kept,
    cast(sum(rows_dropped) as number(38, 0)) as rows_dropped,
    cast(sum(rows_quarantined) as number(38, 0)) as rows_quarantined
from coverage_hours
group by event_date
