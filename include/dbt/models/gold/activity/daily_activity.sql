{{ config(unique_key='event_date', cluster_by=['event_date']) }}

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

{# Work on a repository, as against an interest in it. #}
{% set is_contribution %}
event_type in (
            'PushEvent', 'PullRequestEvent', 'PullRequestReviewEvent',
            'PullRequestReviewCommentEvent', 'IssuesEvent',
            'IssueCommentEvent', 'CommitCommentEvent'
        )
{%- endset %}

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
    -- The day first: the greatest of several days is the latest language
    max(cast(event_date as varchar) || ' ' || repo_language) as language_seen,

    -- numerics
    count(*) as event_count,
    cast(1 as number(38, 0)) as active_days,
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
    count(case when is_bot then 1 end) as bot_event_count,
    count(case when {{ is_contribution }} then 1 end) as contribution_count,

    -- booleans
    max(case when is_bot then 1 else 0 end) = 1 as is_bot,

    -- timestamps
    min(case when {{ is_contribution }} then created_at end)
        as first_contribution_at,
    min(created_at) as first_event_at,
    max(created_at) as last_event_at
from events
group by event_date, actor_key, actor_id, repo_key, repo_id
