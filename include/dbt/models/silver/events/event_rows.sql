{{ config(unique_key='file_name') }}
{%- set numbers = {
    'actor_id': 'actor:id',
    'timeline_repo_id': 'repository:id',
    'events_repo_id': 'repo:id',
    'org_id': 'org:id',
    'payload_number': 'payload:number',
    'timeline_issue_id': 'payload:issue_id',
    'timeline_comment_id': 'payload:comment_id',
    'push_id': 'payload:push_id',
    'push_size': 'payload:size',
    'distinct_size': 'payload:distinct_size',
    'events_issue_id': 'payload:issue:id',
    'issue_number': 'payload:issue:number',
    'issue_author_id': 'payload:issue:user:id',
    'events_comment_id': 'payload:comment:id',
    'pull_request_id': 'payload:pull_request:id',
    'pull_request_number': 'payload:pull_request:number',
    'pull_request_author_id': 'payload:pull_request:user:id',
    'commit_count': 'payload:pull_request:commits',
    'added_lines': 'payload:pull_request:additions',
    'deleted_lines': 'payload:pull_request:deletions',
    'changed_files': 'payload:pull_request:changed_files',
    'review_id': 'payload:review:id',
    'fork_repo_id': 'payload:forkee:id',
    'release_id': 'payload:release:id',
    'member_id': 'payload:member:id',
    'target_id': 'payload:target:id',
} %}
{%- set booleans = {
    'merged': 'payload:pull_request:merged',
    'is_draft': 'payload:pull_request:draft',
    'is_prerelease': 'payload:release:prerelease',
} %}
{%- set times = {
    'created_at': 'created_at',
    'issue_created_at': 'payload:issue:created_at',
    'pull_request_created_at': 'payload:pull_request:created_at',
    'merged_at': 'payload:pull_request:merged_at',
} %}
{%- set typed_fields = dict(dict(numbers, **booleans), **times) %}

with

-- Each path once, in one select and as text: one pass over the JSON
extracted as (

    select
        -- provenance
        file_name,
        file_hour,
        file_row_number,

        -- the event
        cast(event:id as varchar) as id,
        cast(event:type as varchar) as event_type,
        cast(event:url as varchar) as url,
        cast(event:actor as varchar) as timeline_login,
        cast(event:actor:login as varchar) as events_login,
        cast(event:repository:owner as varchar) as timeline_owner,
        cast(event:repository:name as varchar) as timeline_repo,
        cast(event:repository:url as varchar) as timeline_repo_url,
        cast(event:repository:organization as varchar) as timeline_org_login,
        cast(event:repository:language as varchar) as timeline_language,
        cast(event:repo:name as varchar) as events_repo_name,
        cast(event:org:login as varchar) as events_org_login,

        -- several types
        cast(event:payload:action as varchar) as action,
        cast(event:payload:ref as varchar) as ref,
        cast(event:payload:ref_type as varchar) as ref_type,
        cast(event:payload:id as varchar) as payload_id,
        cast(event:payload:commit as varchar) as commented_commit,

        -- pushes
        cast(event:payload:head as varchar) as head_sha,
        cast(event:payload:before as varchar) as before_sha,

        -- creates
        cast(event:payload:master_branch as varchar) as default_branch,

        -- issues and comments
        cast(event:payload:issue:title as varchar) as issue_title,
        cast(event:payload:issue:user:login as varchar) as issue_author,
        cast(event:payload:issue:pull_request:url as varchar)
            as commented_pull_request,
        cast(event:payload:comment:commit_id as varchar) as comment_commit,
        cast(event:payload:comment:path as varchar) as comment_path,

        -- pull requests and reviews
        cast(event:payload:pull_request:title as varchar)
            as pull_request_title,
        cast(event:payload:pull_request:user:login as varchar)
            as pull_request_author,
        cast(event:payload:pull_request:base:ref as varchar) as base_ref,
        cast(event:payload:pull_request:head:ref as varchar) as head_ref,
        cast(event:payload:pull_request:base:repo:language as varchar)
            as base_language,
        cast(event:payload:review:state as varchar) as review_state,

        -- forks, releases, members, wiki pages, follows
        cast(event:payload:forkee:full_name as varchar) as fork_repo_name,
        cast(event:payload:forkee:language as varchar) as fork_language,
        cast(event:payload:release:tag_name as varchar) as release_tag,
        cast(event:payload:release:name as varchar) as release_name,
        cast(event:payload:member:login as varchar) as member_login,
        cast(event:payload:pages[0]:page_name as varchar) as page_name,
        cast(event:payload:pages[0]:action as varchar) as page_action,
        cast(event:payload:pages[0]:html_url as varchar) as page_url,
        cast(event:payload:pages[0]:sha as varchar) as page_sha,
        cast(event:payload:target:login as varchar) as target_login,

        -- numbers, booleans and times
        {{ texts_at(typed_fields) | indent(8) }}
    from {{ source('bronze', 'events_current') }}
    where {{ rows_of_this_run('file_name') }}

),

-- What isn't what it should be is null: one odd value must not stop its hour
parsed as (

    select
        *,
        {{ tried(numbers, 'number(38, 0)') | indent(8) }},
        {{ tried(booleans, 'boolean') | indent(8) }},
        {{ utc_timestamps(times) | indent(8) }}
    from extracted

),

-- Without an id: actor is a login, the repository is in parts
typed as (

    select
        *,
        id is null as is_timeline,
        case when id is null then timeline_login else events_login end
            as actor_login,
        coalesce(events_repo_id, timeline_repo_id) as repo_id,
        coalesce(events_repo_name, timeline_owner || '/' || timeline_repo)
            as repo_name,
        coalesce(events_org_login, timeline_org_login) as org_login,
        coalesce(
            payload_number,
            issue_number,
            pull_request_number,
            -- A Timeline comment tells it in the page's address only
            try_cast(
                regexp_substr(url, '/(issues|pull)/([0-9]+)', 1, 1, 'e', 2)
                as integer
            )
        ) as number
    from parsed

)

select
    -- ids
    case
        when is_timeline then {{ identity([
            'event_type', 'timeline_login', 'timeline_repo_url', 'url',
            'action', 'ref', 'ref_type', 'head_sha', 'push_size',
            'payload_number', 'payload_id', 'timeline_issue_id',
            'timeline_comment_id', 'events_comment_id', 'commented_commit',
            'pull_request_id', 'target_login', 'member_login', 'page_url',
            'page_sha',
        ]) | indent(8) }}
        else id
    end as event_id,
    {{ entity_key('actor_id', 'actor_login') }} as actor_key,
    actor_id,
    {{ entity_key('repo_id', 'repo_name') }} as repo_key,
    repo_id,
    {{ entity_key('org_id', 'org_login') }} as org_key,
    org_id,
    push_id,
    case when event_type in ('GistEvent', 'DownloadEvent') then payload_id end
        as payload_id,
    coalesce(events_issue_id, timeline_issue_id) as issue_id,
    coalesce(events_comment_id, timeline_comment_id) as comment_id,
    pull_request_id,
    review_id,
    fork_repo_id,
    release_id,
    member_id,
    target_id,
    case
        when is_timeline
            then 'name:' || lower(coalesce(pull_request_author, issue_author))
        else {{ entity_key(
            'coalesce(pull_request_author_id, issue_author_id)',
            'coalesce(pull_request_author, issue_author)'
        ) | indent(8) }}
    end as author_key,

    -- strings
    case
        when is_timeline then 'timeline'
        when created_at < to_timestamp_ntz('2025-10-07', 'YYYY-MM-DD')
            then 'events'
        else 'trimmed'
    end as era,
    event_type,
    actor_login,
    {{ bot_reason('actor_login') }} as bot_reason,
    repo_name,
    coalesce(timeline_language, base_language, fork_language) as repo_language,
    org_login,
    action,
    ref,
    ref_type,
    head_sha,
    before_sha,
    default_branch,
    coalesce(pull_request_title, issue_title) as title,
    coalesce(comment_commit, commented_commit) as comment_commit_sha,
    comment_path,
    base_ref,
    head_ref,
    lower(review_state) as review_state,
    fork_repo_name,
    release_tag,
    release_name,
    member_login,
    page_name,
    page_action,
    target_login,

    -- numerics
    number,
    push_size,
    distinct_size,
    commit_count,
    added_lines,
    deleted_lines,
    changed_files,

    -- booleans
    {{ bot_reason('actor_login') }} is not null as is_bot,
    case
        when number is null then null
        else
            startswith(event_type, 'PullRequest')
            or commented_pull_request is not null
            or coalesce(contains(url, '/pull/'), false)
    end as is_pull_request,
    case
        when event_type != 'PullRequestEvent' then null
        when action = 'merged' then true
        when action != 'closed' then false
        when merged_at_text is not null then true
        else merged
    end as is_merged,
    is_draft,
    is_prerelease,
    {{ bot_reason('coalesce(pull_request_author, issue_author)') }} is not null
        as is_author_bot,

    -- timestamps
    created_at,
    cast(created_at as date) as event_date,
    coalesce(pull_request_created_at, issue_created_at) as opened_at,
    merged_at,
    {{ odd_values(typed_fields) | indent(4) }} as odd_values,
    case
        when event_type is null then 'no type'
        when created_at is null then 'created_at is no time'
    end as reject_reason,

    -- provenance
    file_name,
    file_hour,
    file_row_number
from typed
