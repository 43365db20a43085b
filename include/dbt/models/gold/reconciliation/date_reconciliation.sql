{{ config(unique_key='event_date') }}

with

-- A date that a later load touched is judged when its turn comes
dates as (

    select event_date
    from {{ source('ledger', 'load_dates') }}
    where {{ rows_of_this_run('event_date') }}
    group by event_date
    having max(load_seq) <= {{ last_load_of_this_run() }}

),

rows_of_files as (

    select
        event_date,
        count(*) as row_count,
        count(
            distinct event_id || to_char(created_at, ' YYYY-MM-DD HH24:MI:SS')
        ) as identity_count
    from {{ ref('event_rows') }}
    where {{ rows_of_this_run('event_date') }} and reject_reason is null
    group by event_date

),

distinct_events as (

    select
        event_date,
        count(*) as row_count
    from {{ ref('events') }}
    where {{ rows_of_this_run('event_date') }}
    group by event_date

),

activity as (

    select
        event_date,
        cast(sum(event_count) as number(38, 0)) as row_count
    from {{ ref('daily_activity') }}
    where {{ rows_of_this_run('event_date') }}
    group by event_date

),

hours as (

    select
        event_date,
        cast(sum(event_count) as number(38, 0)) as row_count
    from {{ ref('event_hours') }}
    where {{ rows_of_this_run('event_date') }}
    group by event_date

),

repositories as (

    select
        event_date,
        cast(sum(event_count) as number(38, 0)) as row_count
    from {{ ref('repository_days') }}
    where {{ rows_of_this_run('event_date') }}
    group by event_date

),

actors as (

    select
        event_date,
        cast(sum(event_count) as number(38, 0)) as row_count
    from {{ ref('actor_days') }}
    where {{ rows_of_this_run('event_date') }}
    group by event_date

)

select
    dates.event_date,
    cast(coalesce(rows_of_files.row_count, 0) as number(38, 0)) as event_rows,
    cast(
        coalesce(rows_of_files.row_count - rows_of_files.identity_count, 0)
        as number(38, 0)
    ) as duplicate_rows,
    cast(coalesce(distinct_events.row_count, 0) as number(38, 0)) as events,
    coalesce(activity.row_count, 0) as daily_activity_events,
    coalesce(hours.row_count, 0) as event_hours_events,
    coalesce(repositories.row_count, 0) as repository_days_events,
    coalesce(actors.row_count, 0) as actor_days_events
from dates
left join rows_of_files on dates.event_date = rows_of_files.event_date
left join distinct_events on dates.event_date = distinct_events.event_date
left join activity on dates.event_date = activity.event_date
left join hours on dates.event_date = hours.event_date
left join repositories on dates.event_date = repositories.event_date
left join actors on dates.event_date = actors.event_date
