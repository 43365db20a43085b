{{ config(materialized='view', alias='EventsMetrics') }}

with

yearly_activity as (

    select *
    from {{ ref('yearly_activity') }}
    where
        actor_id is not null
        and repo_id is not null
        and not is_bot

)

select
    actor_id as user_id,
    repo_id,
    {{ sums_of_measures() }}
    cast(sum(active_days) as number(38, 0)) as active_days,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from yearly_activity
group by actor_id, repo_id
