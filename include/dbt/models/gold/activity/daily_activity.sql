{{ config(unique_key='event_date') }}

with

events as (

    select *
    from {{ ref('events') }}
    where {{ rows_of_this_run('event_date') }}

)

select
    event_date,

    -- ids
    actor_key,
    actor_id,
    repo_key,
    repo_id,

    -- strings
    max(actor_login) as actor_login,
    max(repo_name) as repo_name,
    -- The day first: the greatest of several days is the latest language
    max(to_char(event_date, 'YYYY-MM-DD') || ' ' || repo_language)
        as language_seen,

    -- numerics
    cast(1 as number(38, 0)) as active_days,
    {% for measure, condition in measures().items() %}
        cast(
            count(case when {{ condition }} then 1 end) as number(38, 0)
        ) as {{ measure }},
    {% endfor %}

    -- booleans
    max(case when is_bot then 1 else 0 end) = 1 as is_bot,

    -- timestamps
    min(case when {{ is_contribution() | indent(4) }} then created_at end)
        as first_contribution_at,
    min(created_at) as first_event_at,
    max(created_at) as last_event_at
from events
group by event_date, actor_key, actor_id, repo_key, repo_id
