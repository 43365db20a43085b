-- What was loaded, when, and from which version of the source. Append-only.

-- One row. Its update serialises loads and hands each of them the next load_seq;
-- a counter, not a maximum, so that a deleted ledger row never gives its number away again.
create table if not exists {{ database }}.ledger.load_lock (
    last_load_seq number(38, 0) not null
);

insert into {{ database }}.ledger.load_lock (last_load_seq)
select 0
where not exists (select 1 from {{ database }}.ledger.load_lock);

-- One row per file hour and load.
create table if not exists {{ database }}.ledger.loads (
    load_seq number(38, 0) not null,
    load_id varchar not null,
    loaded_at timestamp_ntz not null,
    file_name varchar not null,
    file_hour timestamp_ntz not null,
    verdict varchar not null,
    era varchar,
    source_url varchar not null,
    source_etag varchar,
    source_bytes number(38, 0),
    filter_fingerprint varchar not null,
    content_sha256 varchar,
    content_key varchar,
    lines_read number(38, 0) not null,
    rows_kept number(38, 0) not null,
    rows_dropped number(38, 0) not null,
    rows_quarantined number(38, 0) not null,
    rows_loaded number(38, 0) not null,
    first_created_at timestamp_ntz,
    last_created_at timestamp_ntz,
    outcome variant not null
);

-- One row per load, file and UTC event date that the load added rows to or removed rows from.
create table if not exists {{ database }}.ledger.load_dates (
    load_seq number(38, 0) not null,
    file_name varchar not null,
    event_date date not null
);

-- One row per model and finished run: the last load whose changes the model holds.
create table if not exists {{ database }}.ledger.model_watermarks (
    model varchar not null,
    load_seq number(38, 0) not null,
    recorded_at timestamp_ntz not null
);

-- Outcome records as the task `reconcile` found them: one row per record and version of it.
create table if not exists {{ database }}.ledger.outcomes (
    outcome variant not null,
    file_name varchar not null,
    written_at timestamp_ntz not null
);
