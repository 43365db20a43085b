{#
    A month's or a year's rows, made of those of its days or months. Every
    measure is additive, so no run reads further back than one period.
    `key` is the period, `of` the finer one; `by` names what the rows are about.
#}
{% macro roll_up(relation, key, of, by, sums, firsts=[], lasts=[]) -%}
with

parts as (

    select *
    from {{ relation }}
    where {{ in_change_set(key, of) }}

)

select
    {{ start_of(key, of) }} as {{ key }},
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
group by {{ start_of(key, of) }}, {{ by | join(', ') }}
{%- endmacro %}
