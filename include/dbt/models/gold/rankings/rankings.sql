{{ config(unique_key='window_end') }}

{% set windows = {1: 'day', 7: '7 days', 28: '28 days'} %}
{% set measures = ranked_measures() %}

with

dates as (

    select distinct event_date as window_end
    from {{ ref('repository_days') }}
    where {{ days_of_this_run() }}

),

window_ends as (

    select window_end
    from dates
    where {{ rows_of_this_run('window_end') }}

),

days as (

    select
        event_date,
        'repository' as entity,
        repo_key as entity_key,
        repo_id as entity_id,
        repo_name as entity_name,
        {{ measures | join(', ') }}
    from {{ ref('repository_days') }}
    where repo_key is not null and {{ days_of_this_run() }}
    union all
    select
        event_date,
        'actor' as entity,
        actor_key as entity_key,
        actor_id as entity_id,
        actor_login as entity_name,
        {{ measures | join(', ') }}
    from {{ ref('actor_days') }}
    where actor_key is not null and {{ days_of_this_run() }}

),

aged as (

    select
        window_ends.window_end,
        days.*,
        to_char(days.event_date, 'YYYY-MM-DD') || ' ' || days.entity_name
            as name_seen,
        datediff('day', days.event_date, window_ends.window_end) as age
    from window_ends
    inner join days
        on
            window_ends.window_end >= days.event_date
            and dateadd(
                'day', -{{ var('window_reach') }}, window_ends.window_end
            ) < days.event_date

),

-- Each window, and the one of the same length before it
windowed as (

    {% for length, name in windows.items() %}
        select
            window_end,
            '{{ name }}' as window_name,
            entity,
            entity_key,
            entity_id,
            substr(max(iff(age < {{ length }}, name_seen, null)), 12)
                as entity_name,
        {% for measure in measures %}
            sum(iff(age < {{ length }}, {{ measure }}, 0)) as {{ measure }},
            sum(iff(age >= {{ length }}, {{ measure }}, 0))
                as previous_{{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
        from aged
        where age < {{ length * 2 }}
        group by window_end, entity, entity_key, entity_id
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- By one measure each; narrow, since all are sorted and few are kept
measured as (

    {% for measure, name in measures.items() %}
        select
            window_end,
            window_name,
            entity,
            entity_key,
            '{{ name }}' as ranked_by,
            {{ measure }} as measured_count,
            previous_{{ measure }} as previous_count
        from windowed
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

tops as (

    select
        *,
        row_number() over (
            partition by window_end, window_name, ranked_by, entity
            order by measured_count desc, entity_key asc
        ) as entity_rank
    from measured
    where measured_count > 0
    qualify entity_rank <= 100

),

previous as (

    select
        window_end,
        window_name,
        ranked_by,
        entity,
        entity_key,
        row_number() over (
            partition by window_end, window_name, ranked_by, entity
            order by previous_count desc, entity_key asc
        ) as previous_rank
    from measured
    where previous_count > 0

)

select
    tops.window_end,
    tops.window_name,
    tops.ranked_by,
    tops.entity,
    cast(tops.entity_rank as number(38, 0)) as entity_rank,
    cast(previous.previous_rank as number(38, 0)) as previous_rank,
    tops.entity_key,
    {% for measure in measures %}
        cast(windowed.{{ measure }} as number(38, 0)) as {{ measure }},
    {% endfor %}
    windowed.entity_id,
    windowed.entity_name
from tops
inner join windowed
    on
        tops.window_end = windowed.window_end
        and tops.window_name = windowed.window_name
        and tops.entity = windowed.entity
        and tops.entity_key = windowed.entity_key
left join previous
    on
        tops.window_end = previous.window_end
        and tops.window_name = previous.window_name
        and tops.ranked_by = previous.ranked_by
        and tops.entity = previous.entity
        and tops.entity_key = previous.entity_key
