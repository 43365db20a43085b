{{ config(materialized='view') }}

with

rankings as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank,
        previous_rank,
        entity_key,
        entity_id,
        {{ ranked_measures() | join(', ') }}
    from {{ ref('rankings') }}
    where entity = 'actor'

),

all_time_rankings as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank,
        previous_rank,
        entity_key,
        entity_id,
        {{ ranked_measures() | join(', ') }}
    from {{ ref('all_time_rankings') }}
    where entity = 'actor'

),

actors as (

    select * from {{ ref('actors') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

windows as (

    select * from rankings
    union all
    select * from all_time_rankings

)

select
    windows.window_end,
    windows.window_name,
    windows.ranked_by,
    windows.entity_rank as actor_rank,
    windows.previous_rank,
    windows.previous_rank - windows.entity_rank as rank_change,
    windows.entity_key as actor_key,
    windows.entity_id as actor_id,
    actors.actor_login,
    actors.is_bot,
    {% for measure in ranked_measures() %}
        windows.{{ measure }},
    {% endfor %}
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join actors
    on windows.entity_key = actors.actor_key
left join coverage
    on windows.window_end = coverage.event_date
