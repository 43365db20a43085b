{# The condition is true of every row; unknown counts as false. #}
{% test holds(model, condition) %}

    select *
    from {{ model }}
    where not coalesce({{ condition }}, false)

{% endtest %}
