-- Lines of each hour: read = kept + dropped + quarantined, kept = loaded
select
    to_varchar(file_hour) as file_hour,
    verdict,
    lines_read as read,
    rows_kept as kept,
    rows_dropped as dropped,
    rows_quarantined as quarantined,
    rows_loaded as loaded
from ledger.current_loads
where cast(file_hour as date) = %(day)s
order by 1
