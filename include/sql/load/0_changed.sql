-- Of these outcomes, those that the ledger doesn't hold. One that is older than what it holds comes
-- from a task that was retried late.
select outcome.value:blob_name::varchar as file_name
from table(flatten(input => $outcomes)) as outcome
left join ledger.current_loads as loads
    on outcome.value:blob_name::varchar = loads.file_name
where
    loads.file_name is null
    or (
        to_timestamp_ntz(outcome.value:ingested_at::varchar, 'AUTO')
        > to_timestamp_ntz(loads.outcome:ingested_at::varchar, 'AUTO')
        and not (
            equal_null(outcome.value:source_etag::varchar, loads.source_etag)
            and equal_null(outcome.value:content_sha256::varchar, loads.content_sha256)
            and outcome.value:filter_fingerprint::varchar = loads.filter_fingerprint
        )
    )
