insert into ledger.load_dates (load_seq, file_name, event_date)
select
    $load_seq,
    outcome.value:blob_name::varchar,
    event_date.value::date
from
    table(flatten(input => $outcomes)) as outcome,
    lateral flatten(input => outcome.value:event_dates) as event_date
