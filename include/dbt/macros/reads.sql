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
            else "iff($last_changed < $newest_year, "
                ~ "last_day($last_changed, 'year'), $last_changed)"
                if key == 'period_start'
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


{#
    Constants here too: Snowflake prunes by no subquery. A full refresh, and who
    only looks at the SQL of a test, read all rows. A table that isn't made again
    each day is tested when it was.
#}
{% macro rows_of_last_run(table, key) -%}
    {%- set is_run = execute and flags.WHICH in ('test', 'build') -%}
    {%- if flags.FULL_REFRESH or not is_run -%}
        true
    {%- elif is_of_all_time(table) and not is_new(table) -%}
        false
    {%- elif not key -%}
        true
    {%- else -%}
        {%- set changed = changed_keys(
            key,
            since=previous_watermark(table | lower),
            until=newest_watermark(table | lower),
        ) -%}
        {%- set ends = run_query(
            'select min(' ~ key ~ '), max(' ~ key ~ ') from (' ~ changed ~ ')'
        ).rows[0] -%}
        {{ key }} >= {{ constant(key, ends[0]) if ends[0] else no_key(key) }}
        and {{ key }} <= {{ constant(key, ends[1]) if ends[0] else no_key(key) }}
        and {{ key }} in (
            {{ changed | indent(12) }}
        )
    {%- endif -%}
{%- endmacro %}


{# Since the last run that came to its end, with all tests. #}
{% macro is_new(table) %}
    {% set query %}
        select 1
        from {{ ledger('model_watermarks') }}
        where
            model = '{{ table | lower }}'
            and recorded_at > all (
                select completed_at from {{ ledger('completed_runs') }}
            )
    {% endset %}
    {{ return(run_query(query) | length > 0) }}
{% endmacro %}
