{{ config(materialized='view') }}

{% set measures = ranked_measures() %}

with

newest as (

    select max(event_date) as window_end
    from {{ ref('repository_days') }}

),

profiles as (

    select
        'repository' as entity,
        repo_key as entity_key,
        repo_id as entity_id,
        {{ measures | join(', ') }}
    from {{ ref('repository_profiles') }}
    union all
    select
        'actor' as entity,
        actor_key as entity_key,
        actor_id as entity_id,
        {{ measures | join(', ') }}
    from {{ ref('actor_profiles') }}

),

days as (

    select
        event_date,
        'repository' as entity,
        repo_key as entity_key,
        {{ measures | join(', ') }}
    from {{ ref('repository_days') }}
    union all
    select
        event_date,
        'actor' as entity,
        actor_key as entity_key,
        {{ measures | join(', ') }}
    from {{ ref('actor_days') }}

),

last_four_weeks as (

    select
        {% for measure in measures %}
            sum(days.{{ measure }}) as {{ measure }},
        {% endfor %}
        days.entity,
        days.entity_key
    from days
    inner join newest
        on days.event_date > dateadd('day', -28, newest.window_end)
    group by days.entity, days.entity_key

),

-- All time, and what it was four weeks before
totals as (

    select
        newest.window_end,
        {% for measure in measures %}
            profiles.{{ measure }} - coalesce(last_four_weeks.{{ measure }}, 0)
                as previous_{{ measure }},
        {% endfor %}
        profiles.*
    from profiles
    cross join newest
    left join last_four_weeks
        on
            profiles.entity = last_four_weeks.entity
            and profiles.entity_key = last_four_weeks.entity_key

)

{% for measure, name in measures.items() %}
    select
        window_end,
        'all' as window_name,
        '{{ name }}' as ranked_by,
        entity,
        row_number() over (
            partition by entity
            order by {{ measure }} desc, entity_key asc
        ) as entity_rank,
        case
            when previous_{{ measure }} > 0
                then row_number() over (
                    partition by entity
                    order by previous_{{ measure }} desc, entity_key asc
                )
        end as previous_rank,
        entity_key,
        entity_id,
        {{ measures | join(', ') }}
    from totals
    qualify entity_rank <= 100
    {{ 'union all' if not loop.last }}
{% endfor %}
