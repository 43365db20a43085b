{{ config(materialized='view') }}

with

threads as (

    select
        *,
        cast(date_trunc('month', opened_at) as date) as opened_month
    from {{ ref('threads') }}
    where opened_at is not null and not is_author_bot

)

select
    opened_month,
    is_pull_request,
    count(*) as thread_count,
    count(case when thread_state = 'merged' then 1 end) as merged_count,
    count(case when thread_state = 'closed' then 1 end) as closed_count,
    count(seconds_to_first_response) as answered_count,
    cast(median(seconds_to_first_response) as float)
        as median_seconds_to_first_response,
    cast(median(seconds_to_merge) as float) as median_seconds_to_merge,
    cast(median(seconds_to_close) as float) as median_seconds_to_close
from threads
group by opened_month, is_pull_request
