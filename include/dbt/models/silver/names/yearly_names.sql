{{ config(unique_key='period_start') }}

{{ roll_up(
    ref('monthly_names'),
    by=['entity', 'entity_key', 'entity_id', 'name'],
    sums=['event_count'],
    firsts=['first_used_at'],
    lasts=['last_used_at'],
) }}
