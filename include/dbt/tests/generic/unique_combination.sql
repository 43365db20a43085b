{% test unique_combination(
    model, columns, changed_key=none, watermark_of=none
) %}

    with

    rows_to_test as (

        select {{ columns | join(', ') }}
        from {{ model }}
        where {{ rows_of_last_run(watermark_of or model.name, changed_key) }}

    )

    select
        {{ columns | join(', ') }},
        count(*) as row_count,
        '{{ what_to_do(watermark_of or model.name) }}' as what_to_do
    from rows_to_test
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
