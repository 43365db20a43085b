{{ config(materialized='view') }}

{% set columns = [
    'window_end', 'window_name', 'ranked_by', 'entity_rank', 'previous_rank',
    'entity_key', 'entity_id', 'entity_name',
] + ranked_measures() | list %}

with

windows as (

    select {{ columns | join(', ') }}
    from {{ ref('rankings') }}
    where entity = 'repository'
    union all
    select {{ columns | join(', ') }}
    from {{ ref('all_time_rankings') }}
    where entity = 'repository'

),

coverage as (

    select * from {{ ref('coverage') }}

)

select
    windows.window_end,
    windows.window_name,
    windows.ranked_by,
    windows.entity_rank as repo_rank,
    windows.previous_rank,
    windows.previous_rank - windows.entity_rank as rank_change,
    windows.entity_key as repo_key,
    windows.entity_id as repo_id,
    windows.entity_name as repo_name,
    {% for measure in ranked_measures() %}
        windows.{{ measure }},
    {% endfor %}
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join coverage
    on windows.window_end = coverage.event_date
