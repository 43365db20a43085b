{#
    A window is taken in batches of keys, each in a transaction of its own: no
    statement is larger than a batch, however many loads have waited. What is
    done of an unfinished window is in ledger.model_progress: a model's newest
    row there says all, and if it has no key, then nothing is unfinished.
#}

{% macro batch_rows() %}
    {% set value = env_var('GHARCHIVE_BATCH_ROWS', '10000000') %}
    {% if not modules.re.fullmatch('[1-9][0-9]*', value) %}
        {{ exceptions.raise_compiler_error(
            "GHARCHIVE_BATCH_ROWS='" ~ value ~ "' is no positive whole number."
        ) }}
    {% endif %}
    {{ return(value) }}
{% endmacro %}


{% macro newest_progress(column, condition) -%}
    (
        select {{ column }}
        from (
            select *
            from {{ ledger('model_progress') }}
            where model = '{{ model.name }}'
            qualify row_number() over (order by recorded_at desc) = 1
        )
        where last_key is not null and {{ condition }}
    )
{%- endmacro %}


{% macro batches() -%}
    {%- set key = model.config.unique_key -%}
    {%- if not key -%}
        select
            null as first_key,
            null as last_key,
            null as progress,
            1 as batch_count
        where $change_to > $change_from
    {%- else -%}
        with

        changed as (

            select distinct {{ key }} as changed_key
            from (
                {{ changed_keys(key) | indent(16) }}
            )

        ),

        -- All that were ever loaded; a date's are those of the files of its name
        files as (

            select
                {% if key == 'file_name' -%}
                    file_name
                {%- else -%}
                    {{ start_of(key, 'cast(file_hour as date)') }}
                {%- endif %} as changed_key,
                sum(rows_kept) as row_count
            from {{ ledger('loads') }}
            group by changed_key

        ),

        sized as (

            select
                changed.changed_key,
                coalesce(files.row_count, 0) as row_count
            from changed
            left join files on changed.changed_key = files.changed_key

        ),

        numbered as (

            select
                changed_key,
                {% if key == 'contribution_month' -%}
                    {# It reads all years for any month #}
                    0
                {%- else -%}
                    floor(
                        (sum(row_count) over (order by changed_key) - row_count)
                        / {{ batch_rows() }}
                    )
                {%- endif %} as batch_number
            from sized

        ),

        batches as (

            select
                min(changed_key) as first_key,
                max(changed_key) as last_key,
                lead(min(changed_key)) over (order by min(changed_key))
                    as next_key,
                count(*) over () as batch_count
            from numbered
            group by batch_number

        )

        select
            first_key,
            last_key,
            iff(next_key is null, null, {{ text_of(key, 'last_key') }})
                as progress,
            batch_count
        from batches
        where {{ text_of(key, 'last_key') }} > $done_to
        order by first_key
    {%- endif -%}
{%- endmacro %}


{#
    The delete is by the window and not by the new rows' keys: a file or a day
    can become empty.
#}
{% macro change_rows(relation, rows, in_order=false) -%}
    {%- set key = model.config.unique_key -%}
    {%- set columns = model.columns | join(', ') -%}
    delete from {{ relation }}
    where {{ rows_of_this_run(key) }};

    insert into {{ relation }} ({{ columns }})
    select {{ columns }}
    from (
        {{ rows | indent(8) }}
    )
    {%- if key and in_order %}
    order by {{ key }}
    {%- endif -%}
{%- endmacro %}


{% macro record_progress(progress, definition='null') -%}
    insert into {{ ledger('model_progress') }}
        (model, definition, change_from, change_to, last_key, recorded_at)
    select
        '{{ model.name }}' as model,
        {{ definition }} as definition,
        $change_from as change_from,
        $change_to as change_to,
        {{ progress }} as last_key,
        sysdate() as recorded_at
{%- endmacro %}
