{% macro current_names(relation, entity, prefix, name, derived={}) -%}
with

yearly_names as (

    select *
    from {{ relation }}
    where entity = '{{ entity }}'

),

names as (

    select
        entity_key,
        entity_id,
        name,
        cast(sum(event_count) as number(38, 0)) as event_count,
        min(first_used_at) as first_used_at,
        max(last_used_at) as last_used_at
    from yearly_names
    group by entity_key, entity_id, name

),

current_names as (

    select
        entity_key,
        entity_id,
        name,
        cast(
            sum(event_count) over (partition by entity_key) as number(38, 0)
        ) as event_count,
        cast(
            count(*) over (partition by entity_key) as number(38, 0)
        ) as name_count,
        min(first_used_at) over (partition by entity_key) as first_seen_at,
        max(last_used_at) over (partition by entity_key) as last_seen_at
    from names
    qualify
        row_number() over (
            partition by entity_key
            order by last_used_at desc, name asc
        ) = 1

),

-- The first id that had a name is taken for the one that had it before ids
first_ids as (

    select
        lower(name) as lower_name,
        entity_id
    from names
    where entity_id is not null
    qualify
        row_number() over (
            partition by lower(name)
            order by first_used_at asc, entity_id asc
        ) = 1

)

select
    current_names.entity_key as {{ prefix }}_key,
    current_names.entity_id as {{ prefix }}_id,
    coalesce(current_names.entity_id, first_ids.entity_id)
        as resolved_{{ prefix }}_id,
    case
        when current_names.entity_id is not null then 'event'
        when first_ids.entity_id is not null then 'later_name'
        else 'unknown'
    end as id_source,
    current_names.name as {{ name }},
    {% for column, expression in derived.items() %}
        {{ expression }} as {{ column }},
    {% endfor %}
    current_names.name_count,
    current_names.event_count,
    current_names.first_seen_at,
    current_names.last_seen_at
from current_names
left join first_ids on lower(current_names.name) = first_ids.lower_name
{%- endmacro %}
