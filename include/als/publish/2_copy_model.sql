-- The job's result is the model's row. FORCE: a repeated run loads the same file again.
copy into gold.models (model_id, trained_at, as_of, parameters, metrics)
from (
    select
        $1:model_id::varchar,
        to_timestamp_ntz($1:trained_at::varchar, 'YYYY-MM-DD HH24:MI:SS'),
        to_date($1:as_of::varchar, 'YYYY-MM-DD'),
        $1:parameters,
        $1:metrics
    from @gold.gharchive_models/$model_id/
)
files = ('$result')
file_format = (type = json)
on_error = abort_statement
force = true
