-- What tells whether anything is left to do after a load. Append-only.

-- One row per run of the DAG that did everything: every table and its tests, training, the refresh.
-- It was done for the loads up to load_seq, by a dbt project and with parameters of training.
create table if not exists {{ database }}.ledger.completed_runs (
    load_seq number(38, 0) not null,
    project varchar not null,
    parameters varchar not null,
    completed_at timestamp_ntz not null
);

-- One row per dbt command that began to build or to test something, the DAG's or a user's.
create table if not exists {{ database }}.ledger.dbt_commands (
    invocation_id varchar not null,
    begun_at timestamp_ntz not null
);
