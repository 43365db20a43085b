{# Every measure is additive, so no run reads further back than one period. #}
{% macro roll_up(relation, by, sums, firsts, lasts) -%}
{%- set key = model.config.unique_key -%}
{%- set of = {'event_month': 'event_date', 'period_start': 'event_month'}[key] -%}
with

parts as (

    select
        *,
        {{ start_of(key, of) }} as {{ key }}
    from {{ relation }}
    where {{ rows_of_this_run(key, of) }}

)

select
    {{ key }},
    {% for column in by %}
        {{ column }},
    {% endfor %}
    {% for column in sums %}
        cast(sum({{ column }}) as number(38, 0)) as {{ column }},
    {% endfor %}
    {% for column in firsts %}
        min({{ column }}) as {{ column }},
    {% endfor %}
    {% for column in lasts %}
        max({{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {% endfor %}
from parts
group by {{ key }}, {{ by | join(', ') }}
{%- endmacro %}
