{{ config(unique_key='contribution_month', tags=['all_time']) }}

with

-- From the month before the first changed one, to tell who came again
monthly as (

    select
        event_month as contribution_month,
        repo_key,
        repo_id,
        actor_key
    from {{ ref('monthly_activity') }}
    where
        contribution_count > 0
        and actor_key is not null
        and repo_key is not null
        and not is_bot
        {% if has_window() %}
            and event_month >= dateadd('month', -1, $first_changed)
        {% endif %}

),

active as (

    select
        contribution_month,
        repo_key,
        repo_id,
        actor_key,
        lag(contribution_month) over (
            partition by repo_key, actor_key
            order by contribution_month
        ) as last_month
    from monthly

),

firsts as (

    select
        repo_key,
        actor_key,
        cast(date_trunc('month', min(first_contribution_at)) as date)
            as first_month
    from {{ ref('yearly_activity') }}
    where contribution_count > 0
    group by repo_key, actor_key

)

select
    active.contribution_month,
    active.repo_key,
    active.repo_id,
    cast(count(*) as number(38, 0)) as contributor_count,
    cast(
        count(
            case when firsts.first_month = active.contribution_month then 1 end
        ) as number(38, 0)
    ) as new_count,
    cast(
        count(
            case
                when
                    active.last_month
                    = dateadd('month', -1, active.contribution_month)
                    then 1
            end
        ) as number(38, 0)
    ) as retained_count,
    cast(
        count(
            case
                when
                    firsts.first_month < active.contribution_month
                    and coalesce(
                        active.last_month
                        < dateadd('month', -1, active.contribution_month),
                        true
                    )
                    then 1
            end
        ) as number(38, 0)
    ) as returning_count
from active
inner join firsts
    on
        active.repo_key = firsts.repo_key
        and active.actor_key = firsts.actor_key
where {{ rows_of_this_run('contribution_month') }}
group by active.contribution_month, active.repo_key, active.repo_id
