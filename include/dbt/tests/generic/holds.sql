{#
    The condition is true of every row; unknown counts as false. `changed_key`
    and `watermark_of` are as in unique_combination. `rebuild` is the table at
    fault, where the model itself only compares others.
#}
{% test holds(
    model, condition, changed_key=none, watermark_of=none, rebuild=none
) %}

    select
        *,
        '{{ remedy(rebuild or watermark_of or model.name) }}' as what_to_do
    from {{ model }}
    where
        not coalesce({{ condition }}, false)
        and {{ in_newest_window(watermark_of or model.name, changed_key) }}

{% endtest %}
