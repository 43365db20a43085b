{{ config(unique_key='event_date') }}

{% set counted = {
    'PushEvent': 'push_count',
    'WatchEvent': 'star_count',
    'ForkEvent': 'fork_count',
    'CreateEvent': 'create_count',
    'DeleteEvent': 'delete_count',
    'IssuesEvent': 'issue_count',
    'IssueCommentEvent': 'issue_comment_count',
    'PullRequestEvent': 'pull_request_count',
    'PullRequestReviewEvent': 'review_count',
    'PullRequestReviewCommentEvent': 'review_comment_count',
    'CommitCommentEvent': 'commit_comment_count',
    'ReleaseEvent': 'release_count',
} %}

with

events as (

    select *
    from {{ ref('events') }}
    where {{ in_change_set('event_date') }}

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

    -- numerics
    count(*) as event_count,
    {% for event_type, column in counted.items() %}
        count(
            case when event_type = '{{ event_type }}' then 1 end
        ) as {{ column }},
    {% endfor %}
    count(*) - count(
        case
            when
                event_type in (
                    {% for event_type in counted %}
                        '{{ event_type }}'{{ ',' if not loop.last }}
                    {% endfor %}
                )
                then 1
        end
    ) as other_count,
    count(case when is_merged then 1 end) as merged_count,

    -- booleans
    max(case when is_bot then 1 else 0 end) = 1 as is_bot,

    -- timestamps
    min(created_at) as first_event_at,
    max(created_at) as last_event_at
from events
group by event_date, actor_key, actor_id, repo_key, repo_id
