{#
    The window of a run: the loads after change_from, up to change_to. It lives
    in session variables, so that the query, the delete and the watermark of one
    run all see the same one.
#}

{# Not a source: the ledger would be a parent of every table and of its tests. #}
{% macro ledger(table) -%}
    {{ target.database }}.ledger.{{ table }}
{%- endmacro %}


{% macro newest_watermark(model_name) -%}
    (
        select coalesce(max(load_seq), -1)
        from {{ ledger('model_watermarks') }}
        where model = '{{ model_name }}'
    )
{%- endmacro %}


{% macro previous_watermark(model_name) -%}
    (
        select coalesce(max(load_seq), -1)
        from {{ ledger('model_watermarks') }}
        where
            model = '{{ model_name }}'
            and load_seq < {{ newest_watermark(model_name) }}
    )
{%- endmacro %}


{% macro window_end() -%}
    {%- set upstream = [] -%}
    {%- for node_id in model.depends_on.nodes -%}
        {%- set parent = graph.nodes.get(node_id) -%}
        {%- if parent and parent.config.materialized == 'incremental' -%}
            {%- do upstream.append(newest_watermark(parent.name)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if upstream -%}
        (select least({{ upstream | join(', ') }}))
    {%- else -%}
        (
            select coalesce(max(load_seq), -1)
            from {{ ledger('loads') }}
        )
    {%- endif -%}
{%- endmacro %}


{% macro open_change_window() %}
    {% if execute and config.get('materialized') == 'incremental' %}
        {% set key = config.get('unique_key') %}
        {% set variables = {
            'change_from': newest_watermark(model.name),
            'change_to': window_end(),
        } %}
        {% if key and is_incremental() %}
            {% do variables.update({
                'first_changed': end_of_range(key, 'min', '9999-12-31'),
                'last_changed': end_of_range(key, 'max', '0001-01-01'),
            }) %}
        {% endif %}
        {% for name, value in variables.items() %}
            {% do run_query('set ' ~ name ~ ' = ' ~ value) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro record_watermark() %}
    {% if config.get('materialized') == 'incremental' %}
        insert into {{ ledger('model_watermarks') }}
            (model, load_seq, recorded_at)
        select
            '{{ model.name }}' as model,
            $change_to as load_seq,
            sysdate() as recorded_at
        where $change_to > $change_from
    {% endif %}
{% endmacro %}
