copy into gold.recommendations (model_id, user_id, repo_id, rank, score)
from (
    select
        $1:model_id::varchar,
        $1:user_id::number(38, 0),
        $1:repo_id::number(38, 0),
        $1:rank::number(38, 0),
        $1:score::float
    from @gold.gharchive_models/$model_id/
)
pattern = '$pattern'
file_format = (type = parquet)
on_error = abort_statement
force = true
