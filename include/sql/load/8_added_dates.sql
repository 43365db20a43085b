insert into ledger.load_dates (load_seq, file_name, event_date)
select
    $load_seq,
    outcome.value:blob_name::varchar,
    to_date(event_date.value::varchar, 'YYYY-MM-DD')
from
    table(flatten(input => $outcomes)) as outcome,
    lateral flatten(input => outcome.value:event_dates) as event_date
