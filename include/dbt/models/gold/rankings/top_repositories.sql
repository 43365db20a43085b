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
    where entity = 'repository'

),

profiles as (

    select * from {{ ref('repository_profiles') }}

),

repository_days as (

    select * from {{ ref('repository_days') }}

),

repositories as (

    select * from {{ ref('repositories') }}

),

coverage as (

    select * from {{ ref('coverage') }}

),

newest as (

    select max(event_date) as window_end
    from repository_days

),

-- All time is ranked against all time as it was four weeks before
last_four_weeks as (

    select
        repository_days.repo_key,
        sum(repository_days.event_count) as event_count,
        sum(repository_days.star_count) as star_count,
        sum(repository_days.contribution_count) as contribution_count
    from repository_days
    inner join newest
        on repository_days.event_date > dateadd('day', -28, newest.window_end)
    group by repository_days.repo_key

),

all_time as (

    {% for measure, name in measures.items() %}
        select
            newest.window_end,
            'all' as window_name,
            '{{ name }}' as ranked_by,
            row_number() over (
                order by profiles.{{ measure }} desc, profiles.repo_key asc
            ) as repo_rank,
            case
                when
                    profiles.{{ measure }}
                    > coalesce(last_four_weeks.{{ measure }}, 0)
                    then row_number() over (
                        order by
                            profiles.{{ measure }}
                            - coalesce(last_four_weeks.{{ measure }}, 0) desc,
                            profiles.repo_key asc
                    )
            end as previous_rank,
            profiles.repo_key,
            profiles.repo_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.repo_key = last_four_weeks.repo_key
        qualify repo_rank <= 100
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

windows as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank as repo_rank,
        previous_rank,
        entity_key as repo_key,
        entity_id as repo_id,
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
    windows.repo_rank,
    windows.previous_rank,
    windows.previous_rank - windows.repo_rank as rank_change,
    windows.repo_key,
    windows.repo_id,
    repositories.repo_name,
    windows.event_count,
    windows.star_count,
    windows.contribution_count,
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join repositories
    on windows.repo_key = repositories.repo_key
left join coverage
    on windows.window_end = coverage.event_date
