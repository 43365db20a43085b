{{ config(tags=['all_time']) }}

with

yearly_activity as (

    select *
    from {{ ref('yearly_activity') }}
    where actor_key is not null and {{ rows_of_this_run() }}

)

select
    -- ids
    actor_key,
    actor_id,

    -- numerics
    {{ sums_of_measures() }}
    cast(count(distinct repo_key) as number(38, 0)) as repo_count,

    -- timestamps
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from yearly_activity
group by actor_key, actor_id
