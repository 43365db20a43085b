{% test holds(
    model, condition, changed_key=none, watermark_of=none, rebuild=none
) %}

    select
        *,
        '{{ what_to_do(rebuild or watermark_of or model.name) }}' as what_to_do
    from {{ model }}
    where
        not coalesce({{ condition }}, false)
        and {{ rows_of_last_run(watermark_of or model.name, changed_key) }}

{% endtest %}
