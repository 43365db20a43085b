{{ config(unique_key='period_start') }}

{{ roll_up(
    ref('monthly_issues_and_pull_requests'),
    by=['repo_key', 'repo_id', 'number', 'actor_key'],
    sums=['comment_count', 'review_count'],
    firsts=['opened_at', 'first_response_at', 'merged_at', 'first_closed_at'],
    lasts=[
        'author_key', 'pull_request_flag', 'bot_flag', 'author_bot_flag',
        'last_closed_at', 'last_reopened_at', 'last_event_at',
    ],
) }}
