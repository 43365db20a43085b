{{ config(unique_key='period_start') }}

{{ roll_up(
    ref('monthly_activity'),
    by=['actor_key', 'actor_id', 'repo_key', 'repo_id', 'is_bot'],
    sums=['active_days'] + (measures() | list),
    firsts=['first_event_at', 'first_contribution_at'],
    lasts=['last_event_at', 'language_seen'],
) }}
