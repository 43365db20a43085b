select metrics
from gold.models
where model_id = %(model_id)s
