update gold.live_model
set model_id = %(model_id)s
