{#
    A table that follows the ledger: each run replaces the rows whose keys the
    loads of its window touched. A new table, one whose contract has changed and
    a --full-refresh are built beside the old one, which readers have until then.
#}

{% materialization change_set, adapter='snowflake' %}
    {% set table = this.incorporate(type='table') %}
    {% set existing = load_cached_relation(this) %}
    {% set run = namespace(batches=0, is_caught_up=false) %}
    {# A typo shows even if there is nothing to do #}
    {% do batch_rows() %}

    {{ run_hooks(pre_hooks) }}

    {% if should_full_refresh() or not keeps_contract(existing) %}
        {% set copy = table.incorporate(
            path={'identifier': table.identifier ~ '__rebuild'}
        ) %}
        {% set definition = "'" ~ local_md5(compiled_code) ~ "'" %}
        {% if load_cached_relation(copy) and can_go_on(definition) %}
            {% do open_window(rest_of_rebuild()) %}
        {% else %}
            {% do begin_rebuild(copy, compiled_code, definition) %}
            {% set run.is_caught_up = true %}
        {% endif %}
        {% set run.batches = take_batches(copy, compiled_code, definition) %}
        {% do put_in_place(copy, table, existing) %}
    {% endif %}

    {# After a window that was left unfinished comes a newer one #}
    {% for _ in range(2) %}{% if not run.is_caught_up %}
        {% set opened = open_window(window()) %}
        {% if opened.change_to > opened.change_from %}
            {% set taken = take_batches(table, compiled_code) %}
            {% set run.batches = run.batches + taken %}
            {% do run_query(record_watermark()) %}
        {% endif %}
        {% set run.is_caught_up = not opened.done_to %}
    {% endif %}{% endfor %}

    {% call noop_statement('main', run.batches ~ ' batches') %}
        {{ compiled_code }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{% macro open_window(variables) %}
    {% set values = run_query(
        'select ' ~ variables.values() | join(', ')
    ).rows[0] %}
    {% set window = dict(zip(variables, values)) %}
    {% set constants = {
        'change_from': window.change_from,
        'change_to': window.change_to,
        'done_to': "'" ~ window.done_to ~ "'",
    } %}
    {% if 'newest_year' in window %}
        {# An empty ledger has none #}
        {% set year = window.newest_year or '9999-12-31' %}
        {% do constants.update({'newest_year': constant('period_start', year)}) %}
    {% endif %}
    {% do set_variables(constants) %}
    {{ return(window) }}
{% endmacro %}


{% macro set_variables(variables) %}
    {% do run_query(
        'set (' ~ variables.keys() | join(', ') ~ ') = ('
        ~ variables.values() | join(', ') ~ ')'
    ) %}
{% endmacro %}


{# Of a rebuild there is a definition. Returns how many there were. #}
{% macro take_batches(relation, rows, definition='null') %}
    {% set key = model.config.unique_key %}
    {% set batches = run_query(batches()) %}
    {% for first_key, last_key, progress, batch_count in batches %}
        {% if key %}
            {% do set_variables({
                'first_changed': constant(key, first_key),
                'last_changed': constant(key, last_key),
            }) %}
        {% endif %}
        {% set changes = [
            change_rows(relation, rows, in_order=definition != 'null')
        ] %}
        {% if batch_count > 1 or definition != 'null' %}
            {% set progress = "'" ~ progress ~ "'" if progress else 'null' %}
            {% do changes.append(record_progress(progress, definition)) %}
        {% endif %}
        {% do run_query(
            snowflake_dml_explicit_transaction(changes | join(';\n\n'))
        ) %}
    {% endfor %}
    {{ return(batches | length) }}
{% endmacro %}


{% macro begin_rebuild(copy, rows, definition) %}
    {% set key = model.config.unique_key %}
    {# First, or what is recorded next would be taken for what it holds #}
    {% if load_cached_relation(copy) %}
        {% do adapter.drop_relation(copy) %}
    {% endif %}
    {% do open_window(window_variables(-1, window_end(), "''")) %}
    {% do run_query(record_progress("''", definition)) %}
    {% if key %}
        {% do set_variables({
            'first_changed': no_key(key), 'last_changed': no_key(key)
        }) %}
    {% endif %}
    {% do get_assert_columns_equivalent(rows) %}
    {% do run_query(
        'create or replace transient table ' ~ copy
        ~ get_table_columns_and_constraints()
    ) %}
{% endmacro %}


{# One that died, unless the SQL or a table that it reads is another by now. #}
{% macro can_go_on(definition) %}
    {% set progress = ledger('model_progress') %}
    {% set query %}
        select 1
        where
            {{ newest_progress('definition', 'true') }} = {{ definition }}
            and not exists (
                select 1
                from {{ progress }}
                where
                    definition is not null
                    and model in ('{{ tables_read() | join("', '") }}')
                    and recorded_at > (
                        select max(recorded_at)
                        from {{ progress }}
                        where model = '{{ model.name }}' and last_key = ''
                    )
            )
    {% endset %}
    {{ return(run_query(query) | length > 0) }}
{% endmacro %}


{% macro rest_of_rebuild() %}
    {{ return(window_variables(
        -1,
        newest_progress('change_to', 'definition is not null'),
        newest_progress('last_key', 'definition is not null'),
    )) }}
{% endmacro %}


{# Should it die in between, the watermark is too low, and the next run repeats. #}
{% macro put_in_place(copy, table, existing) %}
    {% do run_query(
        'delete from ' ~ ledger('model_watermarks') ~ " where model = '"
        ~ model.name ~ "' and load_seq > $change_to"
    ) %}
    {% if existing and existing.is_table %}
        {% do run_query('alter table ' ~ table ~ ' swap with ' ~ copy) %}
        {% do adapter.drop_relation(copy) %}
    {% else %}
        {% if existing %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% do adapter.rename_relation(copy, table) %}
    {% endif %}
    {% do run_query(record_watermark()) %}
{% endmacro %}


{% macro keeps_contract(existing) %}
    {% if existing is none or not existing.is_table %}
        {{ return(false) }}
    {% endif %}
    {% set promised, found = [], [] %}
    {% for column in model.columns.values() %}
        {% do promised.append(type_of(
            api.Column.from_description(column.name, column.data_type)
        )) %}
    {% endfor %}
    {% for column in adapter.get_columns_in_relation(existing) %}
        {% do found.append(type_of(column)) %}
    {% endfor %}
    {% set keeps = promised | sort == found | sort %}
    {% if not keeps %}
        {% do log(
            existing ~ " doesn't keep its contract, and is built again", info=true
        ) %}
    {% endif %}
    {{ return(keeps) }}
{% endmacro %}


{% macro type_of(column) %}
    {{ return(
        (
            column.name ~ ' ' ~ column.dtype
            ~ (column.numeric_precision or '', column.numeric_scale or 0)
        ) | upper
    ) }}
{% endmacro %}
