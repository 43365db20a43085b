select model_id
from gold.live_model
