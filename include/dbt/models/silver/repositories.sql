with

events as (

    select *
    from {{ ref('events') }}
    where repo_key is not null and {{ in_change_set() }}

),

names as (

    select
        repo_key,
        repo_id,
        repo_name,
        min(created_at) as first_used_at,
        max(created_at) as last_used_at,
        count(*) as use_count
    from events
    group by repo_key, repo_id, repo_name

)

select
    repo_key,
    repo_id,
    repo_name,
    split_part(repo_name, '/', 1) as owner_login,
    cast(
        sum(use_count) over (partition by repo_key) as number(38, 0)
    ) as event_count,
    min(first_used_at) over (partition by repo_key) as first_seen_at,
    max(last_used_at) over (partition by repo_key) as last_seen_at
from names
qualify
    row_number() over (
        partition by repo_key
        order by last_used_at desc, repo_name asc
    ) = 1
