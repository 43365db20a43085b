{{ config(tags=['all_time']) }}

{% set measures = ranked_measures() %}

with

yearly_activity as (

    select *
    from {{ ref('yearly_activity') }}
    where {{ rows_of_this_run() }}

),

-- Of the newest year each month is a period
newest as (

    select
        max(period_start) as newest_month,
        cast(max(last_event_at) as date) as window_end
    from yearly_activity

),

-- All time, and what it was when the newest month began
totals as (

    {% for entity, key in {'repository': 'repo', 'actor': 'actor'}.items() %}
        select
            '{{ entity }}' as entity,
            yearly_activity.{{ key }}_key as entity_key,
            yearly_activity.{{ key }}_id as entity_id,
            newest.window_end,
        {% for measure in measures %}
            sum(yearly_activity.{{ measure }}) as {{ measure }},
            sum(
                iff(
                    yearly_activity.period_start < newest.newest_month,
                    yearly_activity.{{ measure }},
                    0
                )
            ) as previous_{{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
        from yearly_activity
        cross join newest
        where yearly_activity.{{ key }}_key is not null
        group by entity_key, entity_id, newest.window_end
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- By one measure each; narrow, since all are sorted and few are kept
measured as (

    {% for measure, name in measures.items() %}
        select
            entity,
            entity_key,
            '{{ name }}' as ranked_by,
            {{ measure }} as measured_count,
            previous_{{ measure }} as previous_count
        from totals
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by ranked_by, entity
            order by measured_count desc, entity_key asc
        ) as entity_rank,
        case
            when previous_count > 0
                then row_number() over (
                    partition by ranked_by, entity
                    order by previous_count desc, entity_key asc
                )
        end as previous_rank
    from measured
    where measured_count > 0
    qualify entity_rank <= 100

),

names as (

    select
        'repository' as entity,
        repo_key as entity_key,
        repo_name as entity_name
    from {{ ref('repositories') }}
    union all
    select
        'actor' as entity,
        actor_key as entity_key,
        actor_login as entity_name
    from {{ ref('actors') }}

)

select
    totals.window_end,
    'all' as window_name,
    ranked.ranked_by,
    ranked.entity,
    cast(ranked.entity_rank as number(38, 0)) as entity_rank,
    cast(ranked.previous_rank as number(38, 0)) as previous_rank,
    ranked.entity_key,
    totals.entity_id,
    {% for measure in measures %}
        cast(totals.{{ measure }} as number(38, 0)) as {{ measure }},
    {% endfor %}
    names.entity_name
from ranked
inner join totals
    on
        ranked.entity = totals.entity
        and ranked.entity_key = totals.entity_key
left join names
    on
        ranked.entity = names.entity
        and ranked.entity_key = names.entity_key
