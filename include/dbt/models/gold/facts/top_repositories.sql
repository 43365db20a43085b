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
        repo_key,
        repo_id,
        max(repo_name) as repo_name,
        cast(sum(event_count) as number(38, 0)) as event_count,
        cast(sum(star_count) as number(38, 0)) as star_count,
        cast(sum(push_count) as number(38, 0)) as push_count,
        count(distinct actor_key) as actor_count
    from daily_activity
    where repo_key is not null
    group by event_date, repo_key, repo_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by event_date
            order by event_count desc, repo_key asc
        ) as day_rank
    from totals

)

select
    event_date,
    day_rank,
    repo_key,
    repo_id,
    repo_name,
    event_count,
    star_count,
    push_count,
    actor_count
from ranked
where day_rank <= 100
