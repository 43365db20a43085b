{#
    An incremental run reads, deletes and inserts exactly the rows whose key the
    loads of its window touched. README.md says why this is exact.
#}

{% macro reads_window() %}
    {{ return(has_window() and is_incremental()) }}
{% endmacro %}


{#
    The range is redundant, but its bounds are constants, which prune even
    below the window functions of a view.
#}
{% macro rows_of_this_run(key=none, of=none) -%}
    {%- set column = of or key -%}
    {%- if not reads_window() -%}
        {{ column ~ ' is not null' if key else 'true' }}
    {%- elif not key -%}
        $change_to > $change_from
    {%- elif key == 'contribution_month' -%}
        {{ column }} >= $first_changed
    {%- else -%}
        {{ column }} >= $first_changed
        and {{ column }} <= {{
            "last_day($last_changed, '" ~ key[6:] ~ "')" if of
            else '$last_changed'
        }}
        and {{ start_of(key, column) }} in (
            {{ changed_keys(key) | indent(12) }}
        )
    {%- endif -%}
{%- endmacro %}


{% macro days_of_this_run() -%}
    {%- if reads_window() -%}
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


{#
    dbt calls this by its name, for the strategy `change_set`. The delete is by
    the window and not by the new rows' keys: a file or a day can become empty.
#}
{% macro get_incremental_change_set_sql(arg_dict) %}
    {% set target = arg_dict['target_relation'] %}
    {% set columns = get_quoted_csv(
        arg_dict['dest_columns'] | map(attribute='name')
    ) %}
    {% set dml %}
        delete from {{ target }}
        where {{ rows_of_this_run(arg_dict['unique_key']) }};

        insert into {{ target }} ({{ columns }})
        select {{ columns }}
        from {{ arg_dict['temp_relation'] }}
    {% endset %}
    {{ return(snowflake_dml_explicit_transaction(dml)) }}
{% endmacro %}
