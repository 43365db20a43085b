select count(*) as row_count
from gold.recommendations
where model_id = %(model_id)s
