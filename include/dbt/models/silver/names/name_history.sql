{{ config(materialized='view') }}

with

daily_names as (

    select * from {{ ref('daily_names') }}

),

-- Days of an entity under one name, until it gets another
marked as (

    select
        *,
        case
            when
                lag(name) over (
                    partition by entity, entity_key
                    order by first_used_at, name
                ) = name
                then 0
            else 1
        end as is_change
    from daily_names

),

numbered as (

    select
        *,
        sum(is_change) over (
            partition by entity, entity_key
            order by first_used_at, name
            rows between unbounded preceding and current row
        ) as period_number
    from marked

),

periods as (

    select
        entity,
        entity_key,
        entity_id,
        name,
        period_number,
        min(first_used_at) as valid_from,
        max(last_used_at) as last_used_at
    from numbered
    group by entity, entity_key, entity_id, name, period_number

)

select
    entity,
    entity_key,
    entity_id,
    name,
    valid_from,
    -- Until the entity's next name, or until the name is another's
    least(
        coalesce(
            lead(valid_from) over (
                partition by entity, entity_key order by valid_from, name
            ),
            to_timestamp_ntz('9999-12-31', 'YYYY-MM-DD')
        ),
        coalesce(
            lead(valid_from) over (
                partition by entity, lower(name)
                order by valid_from, entity_key
            ),
            to_timestamp_ntz('9999-12-31', 'YYYY-MM-DD')
        )
    ) as valid_until,
    last_used_at
from periods
