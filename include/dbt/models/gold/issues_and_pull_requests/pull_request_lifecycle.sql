{{ config(materialized='view') }}

with

issues_and_pull_requests as (

    select *
    from {{ ref('issues_and_pull_requests') }}
    where is_pull_request

)

select
    repo_key,
    repo_id,
    number as pull_request_number,
    author_key,
    state as pull_request_state,
    comment_count,
    review_count,
    participant_count,
    seconds_to_first_response,
    seconds_to_merge,
    seconds_to_close,
    is_author_bot,
    opened_at,
    first_response_at,
    merged_at,
    closed_at,
    last_event_at
from issues_and_pull_requests
