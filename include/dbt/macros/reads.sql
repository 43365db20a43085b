{#
    A run reads, deletes and inserts exactly the rows whose key the loads of its
    window touched, batch by batch. README.md says why this is exact.
#}

{#
    The range is redundant, but its bounds are constants, which prune even
    below the window functions of a view.
#}
{% macro rows_of_this_run(key=none, of=none) -%}
    {%- set column = of or key -%}
    {%- if not has_window() -%}
        {{ column ~ ' is not null' if key else 'true' }}
    {%- elif not key -%}
        $change_to > $change_from
    {%- else -%}
        {{ column }} >= $first_changed
        and {{ column }} <= {{
            "last_day($last_changed, 'month')" if key == 'event_month' and of
            else "last_day($last_changed, 'year')" if key == 'event_year' and of
            else '$last_changed'
        }}
        and {{ start_of(key, column) }} in (
            {{ changed_keys(key) | indent(12) }}
        )
    {%- endif -%}
{%- endmacro %}


{% macro days_of_this_run() -%}
    {%- if has_window() -%}
        event_date > dateadd('day', -{{ var('window_reach') }}, $first_changed)
        and event_date <= $last_changed
    {%- else -%}
        event_date is not null
    {%- endif -%}
{%- endmacro %}


{% macro last_load_of_this_run() -%}
    {{ '$change_to' if has_window() else window_end() }}
{%- endmacro %}


{% macro rows_of_last_run(table, key) -%}
    {%- if key and not flags.FULL_REFRESH -%}
        {%- set model_name = table | lower -%}
        {{ key }} in (
            {{ changed_keys(
                key,
                since=previous_watermark(model_name),
                until=newest_watermark(model_name),
            ) | indent(12) }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
