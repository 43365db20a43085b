{{ config(unique_key='event_date') }}

with

events as (

    select
        *,
        cast(date_trunc('hour', created_at) as timestamp_ntz) as event_hour
    from {{ ref('events') }}
    where {{ rows_of_this_run('event_date') }}

)

select
    event_date,
    event_hour,
    event_type,
    cast(count(*) as number(38, 0)) as event_count,
    cast(count(distinct actor_key) as number(38, 0)) as actor_count,
    cast(count(distinct repo_key) as number(38, 0)) as repo_count
from events
group by event_date, event_hour, event_type
