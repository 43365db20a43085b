-- The last load that changed the facts below EventsMetrics: one of hours without rows doesn't
select coalesce(max(load_dates.load_seq), 0) as load_seq
from ledger.load_dates
where
    load_dates.load_seq <= (
        select max(model_watermarks.load_seq)
        from ledger.model_watermarks
        where model_watermarks.model = 'yearly_activity'
    )
