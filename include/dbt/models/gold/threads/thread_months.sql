{{ config(unique_key='event_month') }}

{{ roll_up(
    ref('thread_days'),
    key='event_month',
    of='event_date',
    by=['repo_key', 'repo_id', 'thread_number', 'actor_key'],
    sums=['comment_count', 'review_count'],
    firsts=['opened_at', 'first_response_at', 'merged_at', 'first_closed_at'],
    lasts=[
        'author_key', 'pull_request_flag', 'bot_flag', 'author_bot_flag',
        'last_closed_at', 'last_reopened_at', 'last_event_at',
    ],
) }}
