copy into bronze.BronzeRaw (
    event,
    file_name,
    file_row_number,
    content_key,
    file_last_modified,
    loaded_at,
    load_id
)
from (
    select
        $1,
        metadata$filename,
        metadata$file_row_number,
        metadata$file_content_key,
        metadata$file_last_modified::timestamp_ntz,
        convert_timezone('UTC', metadata$start_scan_time)::timestamp_ntz,
        '$load_id'
    from @bronze.gharchive_stage
)
file_format = (type = json compression = gzip allow_duplicate = true)
-- What is above is Snowpipe's statement too. FORCE: the ledger, not Snowflake's load history of 64
-- days, decides what is loaded.
files = ($files)
on_error = abort_statement
force = true
