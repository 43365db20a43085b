{{ config(unique_key='event_date') }}

with

-- A date that a later load touched is judged when its turn comes
dates as (

    select event_date
    from {{ source('ledger', 'load_dates') }}
    where {{ in_change_set('event_date') }}
    group by event_date
    having max(load_seq) <= $change_to

),

event_rows as (

    select
        event_date,
        count(*) as row_count,
        count(distinct event_id || ' ' || cast(created_at as varchar))
            as identity_count
    from {{ ref('event_rows') }}
    where {{ in_change_set('event_date') }}
    group by event_date

),

events as (

    select
        event_date,
        count(*) as row_count
    from {{ ref('events') }}
    where {{ in_change_set('event_date') }}
    group by event_date

),

daily_activity as (

    select
        event_date,
        cast(sum(event_count) as number(38, 0)) as row_count
    from {{ ref('daily_activity') }}
    where {{ in_change_set('event_date') }}
    group by event_date

),

event_trends as (

    select
        event_date,
        cast(sum(event_count) as number(38, 0)) as row_count
    from {{ ref('event_trends') }}
    where {{ in_change_set('event_date') }}
    group by event_date

)

select
    dates.event_date,
    coalesce(event_rows.row_count, 0) as event_rows,
    coalesce(event_rows.row_count - event_rows.identity_count, 0)
        as duplicate_rows,
    coalesce(events.row_count, 0) as events,
    coalesce(daily_activity.row_count, 0) as daily_activity_events,
    coalesce(event_trends.row_count, 0) as event_trends_events
from dates
left join event_rows on dates.event_date = event_rows.event_date
left join events on dates.event_date = events.event_date
left join daily_activity on dates.event_date = daily_activity.event_date
left join event_trends on dates.event_date = event_trends.event_date
