with

events as (

    select *
    from {{ ref('events') }}
    where actor_key is not null and {{ in_change_set() }}

),

logins as (

    select
        actor_key,
        actor_id,
        actor_login,
        is_bot,
        min(created_at) as first_used_at,
        max(created_at) as last_used_at,
        count(*) as use_count
    from events
    group by actor_key, actor_id, actor_login, is_bot

)

select
    actor_key,
    actor_id,
    actor_login,
    is_bot,
    cast(
        sum(use_count) over (partition by actor_key) as number(38, 0)
    ) as event_count,
    min(first_used_at) over (partition by actor_key) as first_seen_at,
    max(last_used_at) over (partition by actor_key) as last_seen_at
from logins
qualify
    row_number() over (
        partition by actor_key
        order by last_used_at desc, actor_login asc
    ) = 1
