{{ config(unique_key='event_date') }}

with

daily_activity as (

    select *
    from {{ ref('daily_activity') }}
    where {{ in_change_set('event_date') }}

),

totals as (

    select
        event_date,
        actor_key,
        actor_id,
        max(actor_login) as actor_login,
        max(case when is_bot then 1 else 0 end) = 1 as is_bot,
        cast(sum(event_count) as number(38, 0)) as event_count,
        cast(sum(star_count) as number(38, 0)) as star_count,
        cast(sum(push_count) as number(38, 0)) as push_count,
        count(distinct repo_key) as repo_count
    from daily_activity
    where actor_key is not null
    group by event_date, actor_key, actor_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by event_date
            order by event_count desc, actor_key asc
        ) as day_rank
    from totals

)

select
    event_date,
    day_rank,
    actor_key,
    actor_id,
    actor_login,
    is_bot,
    event_count,
    star_count,
    push_count,
    repo_count
from ranked
where day_rank <= 100
