-- The files whose rows aren't the lines that ingest kept: then the load rolls back.
select
    file_name,
    rows_kept,
    rows_loaded
from ledger.loads
where load_seq = $load_seq and rows_loaded != rows_kept
