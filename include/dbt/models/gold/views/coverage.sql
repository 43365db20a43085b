with

current_loads as (

    select
        *,
        cast(file_hour as date) as file_date
    from {{ source('ledger', 'current_loads') }}

)

select
    file_date,
    count(case when rows_loaded > 0 then 1 end) as hours_loaded,
    count(case when rows_loaded = 0 then 1 end) as hours_without_rows,
    24 - count(*) as hours_missing,
    cast(sum(lines_read) as number(38, 0)) as lines_read,
    cast(sum(rows_kept) as number(38, 0)) as rows_kept,
    cast(sum(rows_dropped) as number(38, 0)) as rows_dropped,
    cast(sum(rows_quarantined) as number(38, 0)) as rows_quarantined,
    cast(sum(rows_loaded) as number(38, 0)) as rows_loaded
from current_loads
group by file_date
