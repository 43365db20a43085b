{#
    The columns together are the key of the model. With `changed_key` the test
    reads only what the model's newest change window touched, so that it costs
    the same however long the history; a full refresh tests every row.
#}
{% test unique_combination(model, columns, changed_key=none) %}

    with

    rows_to_test as (

        select {{ columns | join(', ') }}
        from {{ model }}
        where
            {% if changed_key and not flags.FULL_REFRESH %}
                {{ changed_key }} in (
                    select {{ changed_key }}
                    from {{ changed_keys(changed_key) }}
                    where load_seq > {{ previous_watermark(model.identifier) }}
                )
            {% else %}
                true
            {% endif %}

    )

    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from rows_to_test
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
