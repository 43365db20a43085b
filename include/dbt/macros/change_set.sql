{#
    An incremental table replaces, in one transaction, exactly the rows whose
    key the loads of its change window touched. The window is (change_from,
    change_to] in load_seq and lives in session variables: the model, the
    delete and the watermark of one run all see the same one.
    README.md says why this is exact, and names the keys.
#}

{# Not a source, lest the ledger be a parent of every table and of its tests. #}
{% macro ledger(table) -%}
    {{ target.database }}.ledger.{{ table }}
{%- endmacro %}


{# The first day of the month or year of a date; the date itself for others. #}
{% macro start_of(key, date) -%}
    {%- if key in ('event_month', 'contribution_month') -%}
        cast(date_trunc('month', {{ date }}) as date)
    {%- elif key == 'event_year' -%}
        cast(date_trunc('year', {{ date }}) as date)
    {%- else -%}
        {{ date }}
    {%- endif -%}
{%- endmacro %}


{# The values of a key that the loads in (since, until] touched. #}
{% macro changed_keys(key, since='$change_from', until='$change_to') -%}
    {%- if key == 'file_name' -%}
        select file_name
        from {{ ledger('loads') }}
        where load_seq > {{ since }} and load_seq <= {{ until }}
    {%- elif key == 'window_end' -%}
        select cast(dateadd('day', later.days, event_date) as date) as {{ key }}
        from {{ ledger('load_dates') }}
        cross join (
            select row_number() over (order by seq4()) - 1 as days
            from table(generator(rowcount => {{ var('window_reach') }}))
        ) as later
        where load_seq > {{ since }} and load_seq <= {{ until }}
    {%- elif key in (
        'event_date', 'event_month', 'event_year', 'contribution_month'
    ) -%}
        select {{ start_of(key, 'event_date') }}
            {{- ' as ' ~ key if key != 'event_date' }}
        from {{ ledger('load_dates') }}
        where load_seq > {{ since }} and load_seq <= {{ until }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "No change set is known by " ~ key ~ ": README.md names the keys."
        ) }}
    {%- endif -%}
{%- endmacro %}


{#
    The rows an incremental run reads and replaces; all rows in a full build.
    `of` is the finer key of the rows read, where that is not the table's own.
    Without a key: everything, provided that anything changed at all.
    The range is redundant, but its bounds are constants, which prune even
    below the window functions of a view.
#}
{% macro in_change_set(key=none, of=none) -%}
    {%- set column = of or key -%}
    {%- if not is_incremental() -%}
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


{% macro newest_watermark(model_name) -%}
    (
        select coalesce(max(load_seq), -1)
        from {{ ledger('model_watermarks') }}
        where model = '{{ model_name }}'
    )
{%- endmacro %}


{# Where the newest window of a table began. #}
{% macro previous_watermark(model_name) -%}
    {%- set name = model_name | lower -%}
    (
        select coalesce(max(load_seq), -1)
        from {{ ledger('model_watermarks') }}
        where model = '{{ name }}' and load_seq < {{ newest_watermark(name) }}
    )
{%- endmacro %}


{# For a test: the rows that a table's newest window touched. #}
{% macro in_newest_window(table, key) -%}
    {%- if key and not flags.FULL_REFRESH -%}
        {{ key }} in (
            {{ changed_keys(
                key,
                since=previous_watermark(table),
                until=newest_watermark(table | lower),
            ) | indent(12) }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# The lowest watermark of the tables it reads, or else the newest load. #}
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


{# The first or last changed key; of an empty window, one that none reaches. #}
{% macro end_of_range(key, extreme, none_reaches) -%}
    (
        select
            coalesce(
                {{ extreme }}({{ key }}),
                {{ '' if key == 'file_name' else 'to_date' }}('{{ none_reaches }}')
            )
        from ({{ changed_keys(key) }}) as changed
    )
{%- endmacro %}


{# Pre-hook: fix the window for the rest of the session. #}
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


{#
    dbt's extension point for the strategy `change_set`. The delete is by the
    change set and not by the new rows' keys: a file or a day can become empty.
#}
{% macro get_incremental_change_set_sql(arg_dict) %}
    {% set target = arg_dict['target_relation'] %}
    {% set columns = get_quoted_csv(
        arg_dict['dest_columns'] | map(attribute='name')
    ) %}
    {% set dml %}
        delete from {{ target }}
        where {{ in_change_set(arg_dict['unique_key']) }};

        insert into {{ target }} ({{ columns }})
        select {{ columns }}
        from {{ arg_dict['temp_relation'] }}
    {% endset %}
    {{ return(snowflake_dml_explicit_transaction(dml)) }}
{% endmacro %}


{# Post-hook: the window is done; nothing is written when it was empty. #}
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


{# Days that the changed windows look back on, each from its last day. #}
{% macro in_changed_windows() -%}
    {%- if is_incremental() -%}
        event_date > dateadd('day', -{{ var('window_reach') }}, $first_changed)
        and event_date <= $last_changed
    {%- else -%}
        event_date is not null
    {%- endif -%}
{%- endmacro %}
