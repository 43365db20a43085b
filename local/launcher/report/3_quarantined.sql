-- Quarantined lines, by reason
select
    reasons.key as reason,
    cast(sum(cast(reasons.value as number(38, 0))) as number(38, 0)) as line_count
from
    ledger.current_loads as loads,
    lateral flatten(input => loads.outcome:quarantined) as reasons
where cast(loads.file_hour as date) = %(day)s
group by reasons.key
order by line_count desc
