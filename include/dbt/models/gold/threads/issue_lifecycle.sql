{{ config(materialized='view') }}

with

threads as (

    select *
    from {{ ref('threads') }}
    where not is_pull_request

)

select
    repo_key,
    repo_id,
    thread_number as issue_number,
    author_key,
    thread_state as issue_state,
    comment_count,
    participant_count,
    seconds_to_first_response,
    seconds_to_close,
    is_author_bot,
    opened_at,
    first_response_at,
    closed_at,
    last_event_at
from threads
