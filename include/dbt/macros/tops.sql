{# What is ranked by: the measure, and how it is called. #}
{% macro ranked_measures() -%}
    {{ return({
        'event_count': 'events',
        'star_count': 'stars',
        'contribution_count': 'contributions',
    }) }}
{%- endmacro %}


{#
    The rankings of one kind, and that of all time, under the current names.
    `prefix` names the key, id and rank, `names` are columns of `bearers`.
#}
{% macro tops(
    entity, prefix, names, rankings, profiles, days, bearers, coverage
) -%}
{%- set measures = ranked_measures() -%}
with

rankings as (

    select *
    from {{ rankings }}
    where entity = '{{ entity }}'

),

profiles as (

    select * from {{ profiles }}

),

days as (

    select * from {{ days }}

),

bearers as (

    select * from {{ bearers }}

),

coverage as (

    select * from {{ coverage }}

),

newest as (

    select max(event_date) as window_end
    from days

),

-- All time is ranked against all time as it was four weeks before
last_four_weeks as (

    select
        days.{{ prefix }}_key,
        sum(days.event_count) as event_count,
        sum(days.star_count) as star_count,
        sum(days.contribution_count) as contribution_count
    from days
    inner join newest
        on days.event_date > dateadd('day', -28, newest.window_end)
    group by days.{{ prefix }}_key

),

all_time as (

    {% for measure, name in measures.items() %}
        select
            newest.window_end,
            'all' as window_name,
            '{{ name }}' as ranked_by,
            row_number() over (
                order by profiles.{{ measure }} desc, profiles.{{ prefix }}_key asc
            ) as {{ prefix }}_rank,
            case
                when
                    profiles.{{ measure }}
                    > coalesce(last_four_weeks.{{ measure }}, 0)
                    then row_number() over (
                        order by
                            profiles.{{ measure }}
                            - coalesce(last_four_weeks.{{ measure }}, 0) desc,
                            profiles.{{ prefix }}_key asc
                    )
            end as previous_rank,
            profiles.{{ prefix }}_key,
            profiles.{{ prefix }}_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.{{ prefix }}_key = last_four_weeks.{{ prefix }}_key
        qualify {{ prefix }}_rank <= 100
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

windows as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank as {{ prefix }}_rank,
        previous_rank,
        entity_key as {{ prefix }}_key,
        entity_id as {{ prefix }}_id,
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
    windows.{{ prefix }}_rank,
    windows.previous_rank,
    windows.previous_rank - windows.{{ prefix }}_rank as rank_change,
    windows.{{ prefix }}_key,
    windows.{{ prefix }}_id,
    {% for column in names %}
        bearers.{{ column }},
    {% endfor %}
    windows.event_count,
    windows.star_count,
    windows.contribution_count,
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join bearers
    on windows.{{ prefix }}_key = bearers.{{ prefix }}_key
left join coverage
    on windows.window_end = coverage.event_date
{%- endmacro %}
