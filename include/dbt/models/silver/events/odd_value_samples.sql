{{ config(materialized='view') }}

with

odd_values as (

    {{ each_odd_value() }}

)

select
    file_date,
    field,
    file_name,
    file_row_number,
    event_id,
    odd_value
from odd_values
qualify row_number() over (
    partition by file_date, field
    order by file_name, file_row_number
) <= 5
