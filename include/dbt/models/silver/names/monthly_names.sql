{{ config(unique_key='event_month') }}

{{ roll_up(
    ref('daily_names'),
    by=['entity', 'entity_key', 'entity_id', 'name'],
    sums=['event_count'],
    firsts=['first_used_at'],
    lasts=['last_used_at'],
) }}
