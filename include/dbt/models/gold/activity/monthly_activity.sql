{{ config(unique_key='event_month') }}

{{ roll_up(
    ref('daily_activity'),
    key='event_month',
    of='event_date',
    by=['actor_key', 'actor_id', 'repo_key', 'repo_id'],
    sums=[
        'event_count', 'active_days', 'push_count', 'star_count', 'fork_count',
        'create_count', 'delete_count', 'issue_count', 'issue_comment_count',
        'pull_request_count', 'review_count', 'review_comment_count',
        'commit_comment_count', 'release_count', 'other_count',
        'merged_count', 'contribution_count', 'bot_event_count',
    ],
    firsts=['first_event_at', 'first_contribution_at'],
    lasts=['last_event_at', 'language_seen'],
) }}
