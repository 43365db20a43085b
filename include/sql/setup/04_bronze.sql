-- Every event as it came, one row per line of a kept hour.
create table if not exists $database.bronze.BronzeRaw (
    event variant,
    file_name varchar,
    file_row_number number(38, 0),
    content_key varchar,
    loaded_at timestamp_ntz
);

-- What everyone reads: one row per file and line, at the content that the ledger knows as current.
-- BronzeRaw may for a while hold a file twice (Snowpipe and the DAG) or in an older version.
create or replace view $database.bronze.events_current as
select
    raw.event,
    raw.file_name,
    raw.file_row_number,
    raw.content_key,
    raw.loaded_at,
    loads.file_hour,
    loads.load_seq
from $database.bronze.BronzeRaw as raw
inner join $database.ledger.current_loads as loads
    on
        raw.file_name = loads.file_name
        and raw.content_key = loads.content_key
qualify row_number() over (
    partition by raw.file_name, raw.content_key, raw.file_row_number
    order by raw.loaded_at
) = 1;
