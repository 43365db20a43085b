{{ config(unique_key='contribution_month', tags=['all_time']) }}

with

active as (

    select
        event_month as contribution_month,
        actor_key
    from {{ ref('monthly_activity') }}
    where
        contribution_count > 0
        and not is_bot
        and actor_key is not null
        and {{ rows_of_this_run('contribution_month', 'event_month') }}
    group by event_month, actor_key

),

firsts as (

    select
        actor_key,
        cast(date_trunc('month', min(first_contribution_at)) as date)
            as cohort_month
    from {{ ref('yearly_activity') }}
    where contribution_count > 0
    group by actor_key

)

select
    firsts.cohort_month,
    active.contribution_month,
    cast(
        datediff('month', firsts.cohort_month, active.contribution_month)
        as number(38, 0)
    ) as months_since,
    cast(count(*) as number(38, 0)) as contributor_count
from active
inner join firsts on active.actor_key = firsts.actor_key
group by firsts.cohort_month, active.contribution_month
