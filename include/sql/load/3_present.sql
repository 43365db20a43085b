-- The files that have rows in Bronze already, and whether these are exactly the lines of the
-- outcome's blob, as Snowpipe has loaded them: then they stay. Rows of a version that the ledger
-- knows are an older one's. A first load is a plain COPY.
select
    raw.file_name,
    coalesce(
        count(raw.load_id) = 0
        and min(raw.content_key) = max(raw.content_key)
        and not equal_null(max(raw.content_key), max(loads.content_key))
        and max(raw.file_last_modified)
        = min(to_timestamp_ntz(outcome.value:blob_last_modified::varchar, 'AUTO'))
        and count(distinct raw.file_row_number)
        = min(outcome.value:lines_kept::number(38, 0)),
        false
    ) as is_current
from bronze.BronzeRaw as raw
inner join table(flatten(input => $outcomes)) as outcome
    on raw.file_name = outcome.value:blob_name::varchar
left join ledger.current_loads as loads
    on raw.file_name = loads.file_name
where raw.file_name >= '$first_file' and raw.file_name <= '$last_file'
group by raw.file_name
