-- What training writes; the views that read it are dbt's.

-- One row per trained model.
create table if not exists {{ database }}.gold.models (
    model_id varchar not null,
    trained_at timestamp_ntz not null,
    as_of date not null,
    parameters variant not null,
    metrics variant not null
);

-- One row per model, user and rank.
create table if not exists {{ database }}.gold.recommendations (
    model_id varchar not null,
    user_id number(38, 0) not null,
    repo_id number(38, 0) not null,
    rank number(38, 0) not null,
    score float not null
);

-- One row: the model that readers see. Publishing and rolling back are one update of it.
create table if not exists {{ database }}.gold.live_model (
    model_id varchar
);

insert into {{ database }}.gold.live_model (model_id)
select null
where not exists (select 1 from {{ database }}.gold.live_model);
