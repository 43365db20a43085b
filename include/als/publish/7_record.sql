update gold.models
set metrics = parse_json(%(metrics)s)
where model_id = %(model_id)s
