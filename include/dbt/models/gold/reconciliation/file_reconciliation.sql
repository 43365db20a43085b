{{ config(unique_key='file_name') }}

with

-- A file that a later load replaced is judged when its turn comes
loads as (

    select *
    from {{ source('ledger', 'current_loads') }}
    where
        {{ rows_of_this_run('file_name') }}
        and load_seq <= {{ last_load_of_this_run() }}

),

bronze as (

    select
        file_name,
        count(*) as row_count
    from {{ source('bronze', 'events_current') }}
    where {{ rows_of_this_run('file_name') }}
    group by file_name

),

silver as (

    select
        file_name,
        count(*) as row_count,
        count(reject_reason) as rejected_count
    from {{ ref('event_rows') }}
    where {{ rows_of_this_run('file_name') }}
    group by file_name

)

select
    loads.file_name,
    loads.file_hour,
    loads.rows_kept as ledger_rows,
    cast(coalesce(bronze.row_count, 0) as number(38, 0)) as bronze_rows,
    cast(coalesce(silver.row_count, 0) as number(38, 0)) as silver_rows,
    cast(coalesce(silver.rejected_count, 0) as number(38, 0))
        as rejected_rows
from loads
left join bronze on loads.file_name = bronze.file_name
left join silver on loads.file_name = silver.file_name
