{{ config(materialized='view') }}

with

yearly_issues_and_pull_requests as (

    select * from {{ ref('yearly_issues_and_pull_requests') }}

),

authored as (

    select
        *,
        max(author_key) over (partition by repo_key, number)
            as known_author_key
    from yearly_issues_and_pull_requests

),

whole as (

    select
        repo_key,
        max(repo_id) as repo_id,
        number,
        max(known_author_key) as author_key,
        max(pull_request_flag) = 1 as is_pull_request,
        max(author_bot_flag) = 1 as is_author_bot,
        cast(sum(comment_count) as number(38, 0)) as comment_count,
        cast(sum(review_count) as number(38, 0)) as review_count,
        cast(count(distinct actor_key) as number(38, 0)) as participant_count,
        min(opened_at) as opened_at,
        min(
            case
                when bot_flag = 0 and actor_key != known_author_key
                    then first_response_at
            end
        ) as first_response_at,
        min(merged_at) as merged_at,
        min(first_closed_at) as first_closed_at,
        max(last_closed_at) as last_closed_at,
        max(last_reopened_at) as last_reopened_at,
        max(last_event_at) as last_event_at
    from authored
    group by repo_key, number

)

select
    -- ids
    repo_key,
    repo_id,
    number,
    author_key,

    -- strings
    case
        when merged_at is not null then 'merged'
        when last_reopened_at > last_closed_at then 'open'
        when last_closed_at is not null then 'closed'
        else 'open'
    end as state,

    -- numerics
    comment_count,
    review_count,
    participant_count,
    cast(
        datediff('second', opened_at, first_response_at) as number(38, 0)
    ) as seconds_to_first_response,
    cast(datediff('second', opened_at, merged_at) as number(38, 0))
        as seconds_to_merge,
    cast(datediff('second', opened_at, first_closed_at) as number(38, 0))
        as seconds_to_close,

    -- booleans
    is_pull_request,
    is_author_bot,

    -- timestamps
    opened_at,
    first_response_at,
    merged_at,
    first_closed_at as closed_at,
    last_event_at
from whole
