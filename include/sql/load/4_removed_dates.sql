-- The event dates that lose rows. created_at carries an offset in some eras, so the UTC date is
-- the written one or a neighbour: recomputing a date too many is harmless.
insert into ledger.load_dates (load_seq, file_name, event_date)
select distinct
    $load_seq,
    raw.file_name,
    dateadd(
        'day',
        neighbours.days,
        try_to_date(
            replace(left(raw.event:created_at::varchar, 10), '/', '-'), 'YYYY-MM-DD'
        )
    )
from bronze.BronzeRaw as raw
cross join
    (
        select -1 as days
        union all
        select 0 as days
        union all
        select 1 as days
    ) as neighbours
where
    raw.file_name >= '$first_file'
    and raw.file_name <= '$last_file'
    and raw.file_name in (
        select replaced.value::varchar
        from table(flatten(input => $replaced)) as replaced
    )
    and try_to_date(
        replace(left(raw.event:created_at::varchar, 10), '/', '-'), 'YYYY-MM-DD'
    ) is not null
