{{ config(materialized='view') }}

with

files as (

    select * from {{ ref('file_reconciliation') }}

),

dates as (

    select * from {{ ref('date_reconciliation') }}

),

compared as (

    select
        'bronze = ledger' as check_name,
        ledger_rows as expected_rows,
        bronze_rows as actual_rows
    from files
    union all
    select
        'event_rows = bronze' as check_name,
        bronze_rows as expected_rows,
        silver_rows as actual_rows
    from files
    union all
    select
        'events = event_rows - duplicates' as check_name,
        event_rows - duplicate_rows as expected_rows,
        events as actual_rows
    from dates
    union all
    select
        'daily_activity = events' as check_name,
        events as expected_rows,
        daily_activity_events as actual_rows
    from dates
    union all
    select
        'event_hours = events' as check_name,
        events as expected_rows,
        event_hours_events as actual_rows
    from dates
    union all
    select
        'repository_days = events' as check_name,
        events as expected_rows,
        repository_days_events as actual_rows
    from dates
    union all
    select
        'actor_days = events' as check_name,
        events as expected_rows,
        actor_days_events as actual_rows
    from dates

)

select
    check_name,
    count(*) as subject_count,
    count(case when actual_rows != expected_rows then 1 end)
        as mismatch_count,
    cast(sum(expected_rows) as number(38, 0)) as expected_rows,
    cast(sum(actual_rows) as number(38, 0)) as actual_rows
from compared
group by check_name
