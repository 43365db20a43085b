{{ config(unique_key='event_date') }}

with

events as (

    select *
    from {{ ref('events') }}
    where
        {{ rows_of_this_run('event_date') }}
        and number is not null
        and repo_key is not null

)

select
    event_date,

    -- ids
    repo_key,
    repo_id,
    number,
    actor_key,
    max(coalesce(author_key, case when action = 'opened' then actor_key end))
        as author_key,

    -- numerics
    cast(
        count(
            case
                when
                    event_type in (
                        'IssueCommentEvent', 'PullRequestReviewCommentEvent'
                    )
                    then 1
            end
        ) as number(38, 0)
    ) as comment_count,
    cast(
        count(case when event_type = 'PullRequestReviewEvent' then 1 end)
        as number(38, 0)
    ) as review_count,
    cast(
        max(case when is_pull_request then 1 else 0 end) as number(38, 0)
    ) as pull_request_flag,
    cast(max(case when is_bot then 1 else 0 end) as number(38, 0)) as bot_flag,
    cast(
        max(
            case
                when is_author_bot or (action = 'opened' and is_bot) then 1
                else 0
            end
        ) as number(38, 0)
    ) as author_bot_flag,

    -- timestamps
    min(coalesce(opened_at, case when action = 'opened' then created_at end))
        as opened_at,
    min(
        case
            when
                event_type in (
                    'IssueCommentEvent',
                    'PullRequestReviewEvent',
                    'PullRequestReviewCommentEvent'
                )
                then created_at
        end
    ) as first_response_at,
    min(
        case
            when is_merged then coalesce(merged_at, created_at)
            else merged_at
        end
    ) as merged_at,
    min(case when action in ('closed', 'merged') then created_at end)
        as first_closed_at,
    max(case when action in ('closed', 'merged') then created_at end)
        as last_closed_at,
    max(case when action = 'reopened' then created_at end) as last_reopened_at,
    max(created_at) as last_event_at
from events
group by event_date, repo_key, repo_id, number, actor_key
