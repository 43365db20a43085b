-- Events by type; the DAG's parameter event_types says what is kept
with

counts as (

    select
        kept.key as event_type,
        cast(kept.value as number(38, 0)) as kept,
        0 as dropped
    from
        ledger.current_loads as loads,
        lateral flatten(input => loads.outcome:kept) as kept
    where cast(loads.file_hour as date) = %(day)s
    union all
    select
        dropped.key as event_type,
        0 as kept,
        cast(dropped.value as number(38, 0)) as dropped
    from
        ledger.current_loads as loads,
        lateral flatten(input => loads.outcome:dropped) as dropped
    where cast(loads.file_hour as date) = %(day)s

)

select
    event_type,
    cast(sum(kept) as number(38, 0)) as kept,
    cast(sum(dropped) as number(38, 0)) as dropped
from counts
group by event_type
order by kept desc, dropped desc
