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


{# Also through views. #}
{% macro tables_read(node=model) %}
    {% set names = [] %}
    {% for node_id in node.depends_on.nodes %}
        {% set parent = graph.nodes.get(node_id) %}
        {% if parent and parent.config.materialized == 'change_set' %}
            {% do names.append(parent.name) %}
        {% elif parent %}
            {% do names.extend(tables_read(parent)) %}
        {% endif %}
    {% endfor %}
    {{ return(names | unique | list) }}
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
    {% set newest = window_end() %}
    {% if is_of_all_time(model.name) %}
        {% set newest = 'iff(' ~ is_due(change_from, newest) ~ ', ' ~ newest
            ~ ', ' ~ change_from ~ ')' %}
    {% endif %}
    {{ return(window_variables(
        change_from,
        'coalesce(' ~ newest_progress('change_to', unfinished) ~ ', ' ~ newest
            ~ ')',
        'coalesce(' ~ newest_progress('last_key', unfinished) ~ ", '')",
    )) }}
{% endmacro %}


{% macro window_variables(change_from, change_to, done_to) %}
    {% set variables = {
        'change_from': change_from,
        'change_to': change_to,
        'done_to': done_to,
    } %}
    {% if model.config.unique_key == 'period_start' %}
        {% do variables.update({'newest_year': newest_year(change_to)}) %}
    {% endif %}
    {{ return(variables) }}
{% endmacro %}


{% macro is_of_all_time(model_name) %}
    {% set found = [] %}
    {% for node in graph.nodes.values() if node.name == model_name | lower %}
        {% do found.append('all_time' in node.config.tags) %}
    {% endfor %}
    {{ return(true in found) }}
{% endmacro %}


{#
    What reads all years is made again when a month has begun, or when the dates
    that have come are a thirtieth of all: so what a day costs doesn't grow with
    the years, and the first month is as new as any table.
#}
{% macro is_due(change_from, change_to) -%}
    (
        select
            count(distinct iff(load_seq > {{ change_from }}, event_date, null))
            * 30 >= count(distinct event_date)
            or last_day(max({{ file_date() }})) > last_day(
                max(iff(load_seq <= {{ change_from }}, {{ file_date() }}, null))
            )
        from {{ ledger('load_dates') }}
        where load_seq <= {{ change_to }}
    )
{%- endmacro %}


{% macro record_watermark() -%}
    insert into {{ ledger('model_watermarks') }} (model, load_seq, recorded_at)
    select
        '{{ model.name }}' as model,
        $change_to as load_seq,
        sysdate() as recorded_at
    where $change_to > $change_from
{%- endmacro %}
