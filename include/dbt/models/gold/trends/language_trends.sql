{{ config(materialized='view') }}

with

language_days as (

    select * from {{ ref('language_days') }}

),

coverage as (

    select * from {{ ref('coverage') }}

)

select
    language_days.*,
    coalesce(coverage.is_complete, false) as is_day_complete
from language_days
left join coverage
    on language_days.event_date = coverage.event_date
