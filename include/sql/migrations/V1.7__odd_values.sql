-- An older deployment's table gets the column that the model has now; where dbt hasn't run yet there
-- is no table.
alter table if exists {{ database }}.silver.event_rows
add column if not exists odd_values varchar;
