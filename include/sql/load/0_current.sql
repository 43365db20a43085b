-- The ledger's view of these files: which version of each is loaded.
select
    file_name,
    source_etag,
    filter_fingerprint,
    content_sha256
from ledger.current_loads
where file_name in ($files)
