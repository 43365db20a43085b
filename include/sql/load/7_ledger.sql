-- What arrived, beside what ingest kept. Lines, not rows: Snowpipe may have loaded the same content
-- beside us.
insert into ledger.loads (
    load_seq,
    load_id,
    loaded_at,
    file_name,
    file_hour,
    verdict,
    era,
    source_url,
    source_etag,
    source_bytes,
    filter_fingerprint,
    content_sha256,
    content_key,
    lines_read,
    rows_kept,
    rows_dropped,
    rows_quarantined,
    rows_loaded,
    first_created_at,
    last_created_at,
    outcome
)
with

arrived as (

    select
        file_name,
        max(content_key) as content_key,
        count(distinct file_row_number) as rows_loaded
    from bronze.BronzeRaw
    where
        file_name >= '$first_file'
        and file_name <= '$last_file'
        and file_name in (
            select outcome.value:blob_name::varchar
            from table(flatten(input => $outcomes)) as outcome
        )
    group by file_name

)

select
    $load_seq,
    '$load_id',
    sysdate(),
    outcome.value:blob_name::varchar,
    to_timestamp_ntz(outcome.value:hour::varchar || ':00:00', 'AUTO'),
    outcome.value:verdict::varchar,
    outcome.value:era::varchar,
    outcome.value:source_url::varchar,
    outcome.value:source_etag::varchar,
    outcome.value:source_bytes::number(38, 0),
    outcome.value:filter_fingerprint::varchar,
    outcome.value:content_sha256::varchar,
    arrived.content_key,
    outcome.value:lines_read::number(38, 0),
    outcome.value:lines_kept::number(38, 0),
    outcome.value:lines_dropped::number(38, 0),
    outcome.value:lines_quarantined::number(38, 0),
    coalesce(arrived.rows_loaded, 0),
    to_timestamp_ntz(outcome.value:first_created_at::varchar, 'AUTO'),
    to_timestamp_ntz(outcome.value:last_created_at::varchar, 'AUTO'),
    outcome.value
from table(flatten(input => $outcomes)) as outcome
left join arrived on outcome.value:blob_name::varchar = arrived.file_name
