-- Silver and Gold without Airflow: a graph of tasks, one for each table, which does what dbt would.
-- It runs when the ledger has new loads. The schema holds the tasks alone, so that all have one owner.
-- `models` is what include/sql/model_tasks.py compiles of include/dbt.
-- Within $$, as schemachange would take the END of a CASE for a block's.
{%- macro task(table) -%}
    {{ database }}.tasks.{{ table | replace('.', '_') }}
{%- endmacro %}
{%- macro created(model) -%}
    {{ database }}.{{ model.name }} ({{ model.columns | join(', ') }})
{%- endmacro %}
{% if queue_url %}
create or replace schema {{ database }}.tasks;

-- Two streams, and each run consumes both: the first at its beginning, the second at its end, if every
-- table has what the run was for (those of all time say themselves when they are due). So a run that failed, or took only some batches, is followed by
-- another, and however many loads come meanwhile, neither stream grows old.
create stream if not exists {{ database }}.ledger.new_loads
    on table {{ database }}.ledger.loads
    append_only = true
    show_initial_rows = true;

create stream if not exists {{ database }}.ledger.new_watermarks
    on table {{ database }}.ledger.model_watermarks
    append_only = true;

create task {{ task('new_loads') }}
    warehouse = {{ transform_warehouse }}
    schedule = '60 minutes'
    user_task_timeout_ms = {{ statement_timeout }}000
    suspend_task_after_num_failures = 10
    when system$stream_has_data('{{ database }}.ledger.new_loads')
    or system$stream_has_data('{{ database }}.ledger.new_watermarks')
as
insert into {{ database }}.ledger.model_watermarks (model, load_seq, recorded_at)
select
    'tasks.new_loads' as model,
    max(load_seq) as load_seq,
    sysdate() as recorded_at
from {{ database }}.ledger.new_loads
having count(*) > 0;

{% set tables = models | selectattr('variables') | list -%}
{% for model in models -%}
{% set relation = database ~ '.' ~ model.name -%}
{% if model not in tables -%}
create or replace view {{ relation }} copy grants as
{{ model.sql }};

grant ownership on view {{ relation }} to role {{ transformer }}
copy current grants;

{% else -%}
create transient table if not exists {{ created(model) }};

grant ownership on table {{ relation }} to role {{ transformer }}
copy current grants;

create task {{ task(model.name) }}
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
{%- for table in model.tables or ['new_loads'] %}
        {{ task(table) }}{{ ',' if not loop.last }}
{%- endfor %}
as
execute immediate
$$
declare
    begun timestamp_ntz default sysdate();
    first_changed {{ model.bound }} default null;
    last_changed {{ model.bound }} default null;
    progress varchar default null;
begin
    -- Another version's table, or none, is filled again from the ledger's first load on
    let found varchar := (
        select
            listagg(
                column_name || ' ' || data_type
                || iff(data_type = 'NUMBER', '(' || numeric_precision || ', ' || numeric_scale || ')', ''),
                ', '
            ) within group (order by column_name)
        from {{ database }}.information_schema.columns
        where table_schema || '.' || table_name = '{{ model.name | upper }}'
    );
    if (found != '{{ model.columns | map('upper') | map('replace', 'VARCHAR', 'TEXT') | sort | join(', ') }}') then
        delete from {{ database }}.ledger.model_watermarks where model = '{{ model.dbt_name }}';
        {{ model.progress
            | replace(':progress', 'null')
            | replace(':change_from', '-1')
            | replace(':change_to', '-1')
            | indent(8) }};
        execute immediate 'create or replace transient table {{ created(model) }}';
    end if;
{%- if model.is_daily %}
    -- Months, years and windows of weeks: an hour more isn't worth their work
    if (
        exists (
            select 1
            from {{ database }}.ledger.model_watermarks
            where model = '{{ model.dbt_name }}' and recorded_at > dateadd('hour', -23, sysdate())
        )
    ) then
        return 'Once a day';
    end if;
{%- endif %}
{% for name, value in model.variables.items() %}
    let {{ name }} {{ {'done_to': 'varchar', 'newest_year': 'date'}.get(name, 'number') }} := {{ value | indent(4) }};
{%- endfor %}
    let batches resultset := (
        {{ model.batches | indent(8) }}
    );
    for batch in batches do
        if (datediff('second', begun, sysdate()) > {{ statement_timeout }} / 2) then
            return 'The rest is for the next run';
        end if;
        first_changed := batch.first_key;
        last_changed := batch.last_key;
        progress := batch.progress;
        begin transaction;
        {{ model.changes | indent(8) }};
        if (batch.batch_count > 1) then
            {{ model.progress | indent(12) }};
        end if;
        commit;
    end for;
    {{ model.watermark | indent(4) }};
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
    let wanted number := (
        select max(load_seq)
        from {{ database }}.ledger.model_watermarks
        where model = 'tasks.new_loads'
    );
    let done number := (
        select iff(count(*) < {{ tables | rejectattr('is_of_all_time') | list | length }}, -1, min(load_seq))
        from (
            select max(load_seq) as load_seq
            from {{ database }}.ledger.model_watermarks
            where
                model in (
{%- for model in tables | rejectattr('is_of_all_time') %}
                    '{{ model.dbt_name }}'{{ ',' if not loop.last }}
{%- endfor %}
                )
            group by model
        ) as watermarks
    );
    if (done < wanted) then
        return 'The loads from ' || done || ' up to ' || wanted || ' are for the next run';
    end if;
    -- A statement that changes a table consumes the streams it reads, though it takes no row
    insert into {{ database }}.ledger.model_watermarks (model, load_seq, recorded_at)
    select
        model,
        load_seq,
        recorded_at
    from {{ database }}.ledger.new_watermarks
    where false;
    return 'Loads up to ' || done;
end;
$$;

grant select on stream {{ database }}.ledger.new_loads to role {{ transformer }};
grant select on stream {{ database }}.ledger.new_watermarks to role {{ transformer }};
grant usage on schema {{ database }}.tasks to role {{ transformer }};
grant execute task on account to role {{ transformer }};
-- Of all at once: a task that changes hands alone leaves the graph
grant ownership on all tasks in schema {{ database }}.tasks to role {{ transformer }}
copy current grants;
{% else %}
drop schema if exists {{ database }}.tasks;
drop stream if exists {{ database }}.ledger.new_loads;
drop stream if exists {{ database }}.ledger.new_watermarks;
{% endif %}
-- What an earlier version's graph waited for
drop stream if exists {{ database }}.bronze.new_rows;
revoke select on table {{ database }}.bronze.BronzeRaw from role {{ transformer }};
