{{ config(unique_key='event_month') }}

{{ roll_up(
    ref('name_days'),
    key='event_month',
    of='event_date',
    by=['entity', 'entity_key', 'entity_id', 'name'],
    sums=['event_count'],
    firsts=['first_used_at'],
    lasts=['last_used_at'],
) }}
