{{ config(materialized='view') }}

{% set measures = {
    'event_count': 'events',
    'star_count': 'stars',
    'contribution_count': 'contributions',
} %}

with

rankings as (

    select *
    from {{ ref('rankings') }}
    where entity = 'actor'

),

profiles as (

    select * from {{ ref('actor_profiles') }}

),

actor_days as (

    select * from {{ ref('actor_days') }}

),

actors as (

    select * from {{ ref('actors') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

newest as (

    select max(event_date) as window_end
    from actor_days

),

-- All time is ranked against all time as it was four weeks before
last_four_weeks as (

    select
        actor_days.actor_key,
        sum(actor_days.event_count) as event_count,
        sum(actor_days.star_count) as star_count,
        sum(actor_days.contribution_count) as contribution_count
    from actor_days
    inner join newest
        on actor_days.event_date > dateadd('day', -28, newest.window_end)
    group by actor_days.actor_key

),

all_time as (

    {% for measure, name in measures.items() %}
        select
            newest.window_end,
            'all' as window_name,
            '{{ name }}' as ranked_by,
            row_number() over (
                order by profiles.{{ measure }} desc, profiles.actor_key asc
            ) as actor_rank,
            case
                when
                    profiles.{{ measure }}
                    > coalesce(last_four_weeks.{{ measure }}, 0)
                    then row_number() over (
                        order by
                            profiles.{{ measure }}
                            - coalesce(last_four_weeks.{{ measure }}, 0) desc,
                            profiles.actor_key asc
                    )
            end as previous_rank,
            profiles.actor_key,
            profiles.actor_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.actor_key = last_four_weeks.actor_key
        qualify actor_rank <= 100
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

windows as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank as actor_rank,
        previous_rank,
        entity_key as actor_key,
        entity_id as actor_id,
        event_count,
        star_count,
        contribution_count
    from rankings
    union all
    select *
    from all_time

)

select
    windows.window_end,
    windows.window_name,
    windows.ranked_by,
    windows.actor_rank,
    windows.previous_rank,
    windows.previous_rank - windows.actor_rank as rank_change,
    windows.actor_key,
    windows.actor_id,
    actors.actor_login,
    actors.is_bot,
    windows.event_count,
    windows.star_count,
    windows.contribution_count,
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join actors
    on windows.actor_key = actors.actor_key
left join coverage
    on windows.window_end = coverage.event_date
