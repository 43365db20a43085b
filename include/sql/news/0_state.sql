-- What is done and what is there to do: the newest load, the last run that did everything, whether
-- dbt has begun anything since, and the models that are missing or hold less than the newest load
-- (one that may wait: nothing).
with

newest as (

    select coalesce(max(load_seq), 0) as load_seq
    from ledger.loads

),

completed as (

    select *
    from ledger.completed_runs
    qualify row_number() over (order by completed_at desc) = 1

),

last_command as (

    select max(begun_at) as begun_at
    from ledger.dbt_commands

),

watermarks as (

    select
        model,
        max(load_seq) as load_seq
    from ledger.model_watermarks
    group by model

),

models as (

    select
        value:name::varchar as name,
        value:relation::varchar as relation,
        value:is_table::boolean as is_table,
        value:may_wait::boolean as may_wait
    from table(flatten(input => $models))

),

behind as (

    select listagg(models.relation, ', ') as relations
    from models
    cross join newest
    left join information_schema.tables as relations
        on
            models.relation
            = relations.table_schema || '.' || relations.table_name
    left join watermarks
        on models.name = watermarks.model
    where
        relations.table_name is null
        or (
            models.is_table
            and coalesce(watermarks.load_seq, -1)
            < iff(models.may_wait, 0, newest.load_seq)
        )

)

select
    newest.load_seq,
    completed.load_seq as completed_load_seq,
    completed.project,
    completed.parameters,
    coalesce(last_command.begun_at >= completed.completed_at, false) as is_dbt_later,
    behind.relations
from newest
cross join last_command
cross join behind
left join completed on true
