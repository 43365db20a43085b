{#
    The columns together are the key of the model. With `changed_key` the test
    reads only what the model's newest change window touched, so that it costs
    the same however long the history; a full refresh tests every row.
#}
{% test unique_combination(model, columns, changed_key=none) %}

    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    {% if changed_key and not flags.FULL_REFRESH %}
    where
        {{ changed_key }} in (
            select {{ changed_key }}
            from {{ changed_keys(changed_key) }}
            where
                load_seq > (
                    select coalesce(max(load_seq), -1)
                    from {{ source('ledger', 'model_watermarks') }}
                    where
                        model = '{{ model.identifier | lower }}'
                        and load_seq
                        < {{ newest_watermark(model.identifier | lower) }}
                )
        )
    {% endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
