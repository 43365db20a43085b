-- Silver and Gold without Airflow: a graph of tasks, one for each table, which does what dbt would.
-- It runs when BronzeRaw has new rows. The schema holds the tasks alone, so that all have one owner.
-- `models` is what include/sql/model_tasks.py compiles of include/dbt.
-- Within $$, as schemachange would take the END of a CASE for a block's.
{%- macro task(table) -%}
    {{ database }}.tasks.{{ table | replace('.', '_') }}
{%- endmacro %}
{#- A model's rows before there are any: the values that a task will have don't matter. -#}
{%- macro empty(model) -%}
    {%- set bound = "'9999-12-31'" -%}
    {%- if model.bound == 'date' -%}
        {%- set bound = "to_date(" ~ bound ~ ", 'YYYY-MM-DD')" -%}
    {%- endif -%}
    select *
    from (
        {{ model.sql
            | replace(':change_from', '-1')
            | replace(':change_to', '-1')
            | replace(':first_changed', bound)
            | replace(':last_changed', bound)
            | indent(8) }}
    )
    where false
{%- endmacro %}
{% if queue_url %}
create or replace schema {{ database }}.tasks;

create stream if not exists {{ database }}.bronze.new_rows
    on table {{ database }}.bronze.BronzeRaw
    append_only = true
    show_initial_rows = true;

create task {{ task('new_rows') }}
    warehouse = {{ transform_warehouse }}
    schedule = '60 minutes'
    user_task_timeout_ms = {{ statement_timeout }}000
    suspend_task_after_num_failures = 10
    when system$stream_has_data('{{ database }}.bronze.new_rows')
as
select 'BronzeRaw has new rows';

{% set tables = models | selectattr('variables') | list -%}
{% for model in models -%}
{% set relation = database ~ '.' ~ model.name -%}
{% if model not in tables -%}
create or replace view {{ relation }} copy grants as
{{ model.sql }};

grant ownership on view {{ relation }} to role {{ transformer }}
copy current grants;

{% else -%}
create transient table if not exists {{ relation }}
{%- if model.cluster_by %}
    cluster by ({{ model.cluster_by | join(', ') }})
{%- endif %}
as
{{ empty(model) }};

grant ownership on table {{ relation }} to role {{ transformer }}
copy current grants;

create task {{ task(model.name) }}
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
{%- for table in model.tables or ['new_rows'] %}
        {{ task(table) }}{{ ',' if not loop.last }}
{%- endfor %}
as
execute immediate
$$
begin
{%- for name, value in model.variables.items() %}
    let {{ name }} {{ 'number' if name.startswith('change') else model.bound }} := {{ value | indent(4) }};
{%- endfor %}
    begin transaction;
    {{ model.changes | indent(4) }};
    {{ model.watermark | indent(4) }};
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% endif -%}
{% endfor -%}
{% set last = tables | rejectattr('name', 'in', tables | map(attribute='tables') | sum(start=[])) | list -%}
-- The stream is consumed once every table has all of it. Until then the graph runs again: when a task
-- has failed, and when rows of Snowpipe's aren't in the ledger yet, which is what the models follow.
create task {{ task('all_done') }}
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
{%- for model in last %}
        {{ task(model.name) }}{{ ',' if not loop.last }}
{%- endfor %}
as
execute immediate
$$
begin
    begin transaction;
    let done number := (
        select min(load_seq)
        from (
            select max(load_seq) as load_seq
            from {{ database }}.ledger.model_watermarks
            where
                model in (
{%- for model in last %}
                    '{{ model.dbt_name }}'{{ ',' if not loop.last }}
{%- endfor %}
                )
            group by model
        ) as watermarks
    );
    let waiting number := (
        select count(*)
        from {{ database }}.bronze.new_rows as new_rows
        left join {{ database }}.ledger.current_loads as loads
            on new_rows.file_name = loads.file_name
        where coalesce(loads.load_seq > :done, true)
    );
    if (waiting = 0) then
        -- A statement that changes a table consumes the streams it reads, though it takes no row
        insert into {{ database }}.ledger.model_watermarks (model, load_seq, recorded_at)
        select
            file_name as model,
            0 as load_seq,
            sysdate() as recorded_at
        from {{ database }}.bronze.new_rows
        where false;
    end if;
    commit;
    return waiting || ' rows are for the next run';
exception
    when other then
        rollback;
        raise;
end;
$$;

grant select on stream {{ database }}.bronze.new_rows to role {{ transformer }};
grant select on table {{ database }}.bronze.BronzeRaw to role {{ transformer }};
grant usage on schema {{ database }}.tasks to role {{ transformer }};
grant execute task on account to role {{ transformer }};
-- Of all at once: a task that changes hands alone leaves the graph
grant ownership on all tasks in schema {{ database }}.tasks to role {{ transformer }}
copy current grants;
{% else %}
drop schema if exists {{ database }}.tasks;
drop stream if exists {{ database }}.bronze.new_rows;
{% endif %}
