-- The last load that the facts below EventsMetrics hold
select coalesce(max(load_seq), 0) as load_seq
from ledger.model_watermarks
where model = 'daily_activity'
