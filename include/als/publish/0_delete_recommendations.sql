delete from gold.recommendations
where model_id = %(model_id)s
