{{ config(materialized='view') }}

with

issues_and_pull_requests as (

    select *
    from {{ ref('issues_and_pull_requests') }}
    where not is_pull_request

)

select
    repo_key,
    repo_id,
    number as issue_number,
    author_key,
    state as issue_state,
    comment_count,
    participant_count,
    seconds_to_first_response,
    seconds_to_close,
    is_author_bot,
    opened_at,
    first_response_at,
    closed_at,
    last_event_at
from issues_and_pull_requests
