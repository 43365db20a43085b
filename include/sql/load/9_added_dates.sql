insert into ledger.load_dates (load_seq, file_name, event_date)
select
    $load_seq,
    entry.value:outcome:blob_name::varchar,
    event_date.value::date
from
    table(flatten(input => parse_json(%(entries)s))) as entry,
    lateral flatten(input => entry.value:outcome:event_dates) as event_date
