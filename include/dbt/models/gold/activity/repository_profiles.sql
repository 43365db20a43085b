{{ config(tags=['all_time']) }}

with

yearly_activity as (

    select *
    from {{ ref('yearly_activity') }}
    where repo_key is not null and {{ rows_of_this_run() }}

)

select
    -- ids
    repo_key,
    repo_id,

    -- strings
    substr(max(language_seen), 12) as primary_language,

    -- numerics
    {{ sums_of_measures() }}
    cast(count(distinct actor_key) as number(38, 0)) as actor_count,
    cast(
        count(
            distinct case
                when contribution_count > 0 and not is_bot
                    then actor_key
            end
        ) as number(38, 0)
    ) as contributor_count,

    -- timestamps
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from yearly_activity
group by repo_key, repo_id
