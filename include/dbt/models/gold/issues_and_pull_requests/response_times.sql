{{ config(tags=['all_time']) }}

with

issues_and_pull_requests as (

    select
        *,
        cast(date_trunc('month', opened_at) as date) as opened_month
    from {{ ref('issues_and_pull_requests') }}
    where
        opened_at is not null
        and not is_author_bot
        and {{ rows_of_this_run() }}

)

select
    opened_month,
    is_pull_request,
    cast(count(*) as number(38, 0)) as opened_count,
    cast(
        count(case when state = 'merged' then 1 end) as number(38, 0)
    ) as merged_count,
    cast(
        count(case when state = 'closed' then 1 end) as number(38, 0)
    ) as closed_count,
    cast(count(seconds_to_first_response) as number(38, 0)) as answered_count,
    cast(median(seconds_to_first_response) as float)
        as median_seconds_to_first_response,
    cast(median(seconds_to_merge) as float) as median_seconds_to_merge,
    cast(median(seconds_to_close) as float) as median_seconds_to_close
from issues_and_pull_requests
group by opened_month, is_pull_request
