-- FORCE: the ledger, not Snowflake's load history of 64 days, decides what is loaded.
copy into bronze.BronzeRaw (event, file_name, file_row_number, content_key, loaded_at)
from (
    select
        $1,
        metadata$filename,
        metadata$file_row_number,
        metadata$file_content_key,
        metadata$start_scan_time::timestamp_ntz
    from @bronze.gharchive_stage
)
files = ($files)
file_format = (type = json compression = gzip allow_duplicate = true)
on_error = abort_statement
force = true
