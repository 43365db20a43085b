{{ config(materialized='view') }}

with

event_trends as (

    select * from {{ ref('event_trends') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

days as (

    select
        event_date,
        event_type,
        cast(sum(event_count) as number(38, 0)) as event_count
    from event_trends
    group by event_date, event_type

),

covered as (

    select
        days.event_date,
        days.event_type,
        days.event_count,
        coalesce(coverage.hours_loaded, 0) as hours_loaded,
        coalesce(coverage.is_complete, false) as is_day_complete
    from days
    left join coverage
        on days.event_date = coverage.event_date

),

-- Every day has a row, except stragglers' days at the ends
with_week_before as (

    select
        *,
        lag(event_date, 7) over (
            partition by event_type order by event_date
        ) as date_before,
        lag(is_day_complete, 7) over (
            partition by event_type order by event_date
        ) as was_complete,
        lag(event_count, 7) over (
            partition by event_type order by event_date
        ) as count_before
    from covered

)

select
    event_date,
    event_type,
    event_count,
    hours_loaded,
    is_day_complete,
    case
        when
            is_day_complete
            and was_complete
            and date_before = dateadd('day', -7, event_date)
            then event_count - count_before
    end as change_on_week_before
from with_week_before
