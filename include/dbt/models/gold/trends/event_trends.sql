{{ config(materialized='view') }}

with

event_hours as (

    select * from {{ ref('event_hours') }}

),

coverage_hours as (

    select * from {{ ref('coverage_hours') }}

),

event_types as (

    select distinct event_type from event_hours

),

-- Stragglers fall in hours before the first file and after the last one
hours as (

    select
        event_hour,
        event_date,
        is_loaded
    from coverage_hours
    union all
    select distinct
        event_hours.event_hour,
        event_hours.event_date,
        false as is_loaded
    from event_hours
    left join coverage_hours
        on event_hours.event_hour = coverage_hours.event_hour
    where coverage_hours.event_hour is null

)

select
    hours.event_date,
    hours.event_hour,
    event_types.event_type,
    -- No events in an hour that was loaded is none; in another it is unknown
    coalesce(event_hours.event_count, case when hours.is_loaded then 0 end)
        as event_count,
    coalesce(event_hours.actor_count, case when hours.is_loaded then 0 end)
        as actor_count,
    coalesce(event_hours.repo_count, case when hours.is_loaded then 0 end)
        as repo_count,
    hours.is_loaded as is_hour_loaded
from hours
cross join event_types
left join event_hours
    on
        hours.event_hour = event_hours.event_hour
        and event_types.event_type = event_hours.event_type
