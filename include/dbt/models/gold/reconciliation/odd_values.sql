{{ config(materialized='view') }}

with

odd_values as (

    {{ each_odd_value() }}

)

select
    file_date,
    field,
    cast(count(*) as number(38, 0)) as odd_count
from odd_values
group by file_date, field
