{#
    The window of a run: the loads after change_from, up to change_to. It lives
    in session variables, so that all statements of one run see the same one.
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


{% macro tables_read() %}
    {% set names = [] %}
    {% for node_id in model.depends_on.nodes %}
        {% set parent = graph.nodes.get(node_id) %}
        {% if parent and parent.config.materialized == 'change_set' %}
            {% do names.append(parent.name) %}
        {% endif %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}


{% macro window_end() -%}
    {%- set watermarks = [] -%}
    {%- for name in tables_read() -%}
        {%- do watermarks.append(newest_watermark(name)) -%}
    {%- endfor -%}
    {%- if watermarks -%}
        (select least({{ watermarks | join(', ') }}))
    {%- else -%}
        (
            select coalesce(max(load_seq), -1)
            from {{ ledger('loads') }}
        )
    {%- endif -%}
{%- endmacro %}


{#
    Its variables, each with its SQL. A window that was left unfinished is gone
    on with before a newer one.
#}
{% macro window() %}
    {% set change_from = newest_watermark(model.name) %}
    {% set unfinished = 'definition is null and change_from = ' ~ change_from %}
    {{ return({
        'change_from': change_from,
        'change_to': 'coalesce(' ~ newest_progress('change_to', unfinished)
            ~ ', ' ~ window_end() ~ ')',
        'done_to': 'coalesce(' ~ newest_progress('last_key', unfinished)
            ~ ", '')",
    }) }}
{% endmacro %}


{% macro record_watermark() -%}
    insert into {{ ledger('model_watermarks') }} (model, load_seq, recorded_at)
    select
        '{{ model.name }}' as model,
        $change_to as load_seq,
        sysdate() as recorded_at
    where $change_to > $change_from
{%- endmacro %}
