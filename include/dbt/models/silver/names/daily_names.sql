{{ config(unique_key='event_date') }}

with

events as (

    select *
    from {{ ref('events') }}
    where {{ rows_of_this_run('event_date') }}

),

named as (

    select
        event_date,
        'actor' as entity,
        actor_key as entity_key,
        actor_id as entity_id,
        actor_login as name,
        created_at
    from events
    union all
    select
        event_date,
        'repository' as entity,
        repo_key as entity_key,
        repo_id as entity_id,
        repo_name as name,
        created_at
    from events
    union all
    select
        event_date,
        'organisation' as entity,
        org_key as entity_key,
        org_id as entity_id,
        org_login as name,
        created_at
    from events

)

select
    event_date,
    entity,
    entity_key,
    entity_id,
    name,
    cast(count(*) as number(38, 0)) as event_count,
    min(created_at) as first_used_at,
    max(created_at) as last_used_at
from named
where entity_key is not null
group by event_date, entity, entity_key, entity_id, name
