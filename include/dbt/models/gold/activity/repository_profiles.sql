with

yearly_activity as (

    select *
    from {{ ref('yearly_activity') }}
    where repo_key is not null and {{ in_change_set() }}

)

select
    -- ids
    repo_key,
    repo_id,

    -- strings
    substr(max(language_seen), 12) as primary_language,

    -- numerics
    cast(sum(event_count) as number(38, 0)) as event_count,
    cast(sum(star_count) as number(38, 0)) as star_count,
    cast(sum(fork_count) as number(38, 0)) as fork_count,
    cast(sum(push_count) as number(38, 0)) as push_count,
    cast(sum(issue_count) as number(38, 0)) as issue_count,
    cast(sum(issue_comment_count) as number(38, 0)) as issue_comment_count,
    cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
    cast(sum(merged_count) as number(38, 0)) as merged_count,
    cast(sum(review_count) as number(38, 0)) as review_count,
    cast(sum(release_count) as number(38, 0)) as release_count,
    cast(sum(contribution_count) as number(38, 0)) as contribution_count,
    count(distinct actor_key) as actor_count,
    count(
        distinct case
            when contribution_count > 0 and bot_event_count = 0 then actor_key
        end
    ) as contributor_count,

    -- timestamps
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from yearly_activity
group by repo_key, repo_id
