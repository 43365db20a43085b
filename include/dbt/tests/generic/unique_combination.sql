{#
    The columns together are the key of the model. With `changed_key` the test
    reads only what the model's newest change window touched, so that it costs
    the same however long the history; a full refresh tests every row. A view
    has no window: `watermark_of` names the table under it.
#}
{% test unique_combination(
    model, columns, changed_key=none, watermark_of=none
) %}

    with

    rows_to_test as (

        select {{ columns | join(', ') }}
        from {{ model }}
        where {{ in_newest_window(watermark_of or model.name, changed_key) }}

    )

    select
        {{ columns | join(', ') }},
        count(*) as row_count,
        '{{ remedy(watermark_of or model.name) }}' as what_to_do
    from rows_to_test
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
