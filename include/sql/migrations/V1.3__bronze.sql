-- Every event as it came, one row per line of a kept hour. Rows without a load_id are Snowpipe's.
create table if not exists {{ database }}.bronze.BronzeRaw (
    event variant,
    file_name varchar,
    file_row_number number(38, 0),
    content_key varchar,
    file_last_modified timestamp_ntz,
    loaded_at timestamp_ntz,
    load_id varchar
);
