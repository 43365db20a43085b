-- Loading without Airflow: what `include.sql.load` does, from the outcome records that ingest writes.
-- Its statements are the same files. Snowpipe brings new blobs and never a changed one; this adopts
-- what the pipe brought, replaces what changed, and writes the ledger. A load takes at most as many
-- rows as a batch of dbt's, and as many hours as FILES; there is one load after the other until none is
-- left or half the time is over, and the next run does the rest. It runs where Snowpipe loads.
-- Within $$, as schemachange would take the end of a loop for the block's.
{% macro statement(file) -%}
    {%- set text -%}{% include 'modules/' ~ file ~ '.sql' %}{%- endset -%}
    {{ text
        | replace('$outcomes', ':outcomes')
        | replace('$replaced', ':replaced')
        | replace("'$first_file'", ':first_file')
        | replace("'$last_file'", ':last_file')
        | replace("'$load_id'", ':load_id')
        | replace('$load_seq', ':load_seq') }}
{%- endmacro %}
-- One that runs can't be replaced
alter task if exists {{ database }}.ledger.reconcile suspend;

create or replace task {{ database }}.ledger.reconcile
    user_task_managed_initial_warehouse_size = 'XSMALL'
    schedule = '60 minutes'
    user_task_timeout_ms = {{ statement_timeout }}000
    suspend_task_after_num_failures = 10
as
execute immediate
$$
declare
    begun timestamp_ntz default sysdate();
    hours number default 0;
    unequal exception (-20001, 'Rows loaded differ from lines kept, so nothing was loaded');
begin
    copy into ledger.outcomes (outcome, file_name, written_at)
    from (
        select
            $1,
            $1:blob_name::varchar,
            metadata$file_last_modified::timestamp_ntz
        from @ledger.gharchive_outcomes
    )
    file_format = (type = json)
    on_error = skip_file;

    loop
        begin
            begin transaction;
            {{ statement('1_lock') }};
            let load_id varchar := uuid_string();
            let load_seq number := ({{ statement('2_load_seq') }});
            let outcomes array := (
                select array_agg(outcome)
                from (
                    select
                        outcome,
                        file_name,
                        outcome:lines_kept::number as lines_kept,
                        sum(lines_kept) over (order by file_name) as lines_so_far
                    from ledger.pending_outcomes
                    qualify lines_so_far - lines_kept < {{ batch_rows }}
                    order by file_name
                    limit {{ files_per_copy }}
                ) as pending
            );
            if (array_size(outcomes) = 0) then
                rollback;
                return hours || ' hours loaded';
            end if;

            let first_file varchar := (
                select min(outcome.value:blob_name::varchar) from table(flatten(input => :outcomes)) as outcome
            );
            let last_file varchar := (
                select max(outcome.value:blob_name::varchar) from table(flatten(input => :outcomes)) as outcome
            );
            let replaced array := (
                select array_agg(file_name)
                from (
                    {{ statement('3_present') }}
                ) as present
                where not is_current
            );
            let current_files array := (
                select array_agg(file_name)
                from (
                    {{ statement('3_present') }}
                ) as present
                where is_current
            );
            if (array_size(replaced) > 0) then
                {{ statement('4_removed_dates') }};
                {{ statement('5_delete') }};
            end if;

            let files varchar := (
                select listagg('''' || outcome.value:blob_name::varchar || '''', ', ')
                from table(flatten(input => :outcomes)) as outcome
                where
                    outcome.value:lines_kept > 0
                    and not array_contains(outcome.value:blob_name, :current_files)
            );
            if (files != '') then
                {%- set copy %}{% include 'modules/6_copy.sql' %}{% endset %}
                execute immediate '{{ copy
                    | replace("'", "''")
                    | replace('$load_id', "' || load_id || '")
                    | replace('$files', "' || files || '") }}';
            end if;

            {{ statement('7_ledger') }};
            {{ statement('8_added_dates') }};
            if (exists ({{ statement('9_unequal') }})) then
                raise unequal;
            end if;
            commit;
            hours := hours + array_size(outcomes);
            if (datediff('second', begun, sysdate()) > {{ statement_timeout }} / 2) then
                return hours || ' hours loaded, the rest is for the next run';
            end if;
        end;
    end loop;
exception
    when other then
        rollback;
        raise;
end;
$$;

grant ownership on task {{ database }}.ledger.reconcile to role {{ loader }} copy current grants;
grant monitor, operate on task {{ database }}.ledger.reconcile to role {{ pipe }};
grant execute task on account to role {{ loader }};
grant execute managed task on account to role {{ loader }};
