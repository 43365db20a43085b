{{ config(unique_key='file_name') }}

with

bronze as (

    select
        file_name,
        file_hour,
        file_row_number,
        event,
        event:payload as payload,
        cast(event:id as varchar) as id,
        cast(event:url as varchar) as url,
        cast(event:created_at as varchar) as created_at_text
    from {{ source('bronze', 'events_current') }}
    where {{ in_change_set('file_name') }}

),

-- Without ids: actor is a login, the repository is in parts, times have offsets
timeline as (

    select
        file_name,
        file_hour,
        file_row_number,
        payload,
        created_at_text,
        cast(event:type as varchar) as event_type,
        cast(null as number(38, 0)) as actor_id,
        cast(event:actor as varchar) as actor_login,
        cast(event:repository:id as number(38, 0)) as repo_id,
        cast(event:repository:owner as varchar)
        || '/'
        || cast(event:repository:name as varchar) as repo_name,
        cast(null as number(38, 0)) as org_id,
        cast(event:repository:organization as varchar) as org_login,
        {{ identity([
            "cast(event:type as varchar)",
            "cast(event:actor as varchar)",
            "cast(event:repository:url as varchar)",
            "url",
            "cast(payload:action as varchar)",
            "cast(payload:ref as varchar)",
            "cast(payload:ref_type as varchar)",
            "cast(payload:head as varchar)",
            "cast(payload:size as varchar)",
            "cast(payload:number as varchar)",
            "cast(payload:id as varchar)",
            "cast(payload:issue_id as varchar)",
            "cast(payload:comment_id as varchar)",
            "cast(payload:comment:id as varchar)",
            "cast(payload:commit as varchar)",
            "cast(payload:pull_request:id as varchar)",
            "cast(payload:target:login as varchar)",
            "cast(payload:member:login as varchar)",
            "cast(payload:pages[0]:html_url as varchar)",
            "cast(payload:pages[0]:sha as varchar)",
        ]) | indent(8) }} as event_id
    from bronze
    where id is null

),

identified as (

    select
        file_name,
        file_hour,
        file_row_number,
        payload,
        created_at_text,
        cast(event:type as varchar) as event_type,
        cast(event:actor:id as number(38, 0)) as actor_id,
        cast(event:actor:login as varchar) as actor_login,
        cast(event:repo:id as number(38, 0)) as repo_id,
        cast(event:repo:name as varchar) as repo_name,
        cast(event:org:id as number(38, 0)) as org_id,
        cast(event:org:login as varchar) as org_login,
        id as event_id
    from bronze
    where id is not null

),

unioned as (

    select
        *,
        'timeline' as shape
    from timeline
    union all
    select
        *,
        'identified' as shape
    from identified

),

timed as (

    select
        *,
        {{ utc_timestamp('created_at_text') | indent(8) }} as created_at
    from unioned

)

select
    -- ids
    event_id,
    {{ entity_key('actor_id', 'actor_login') }} as actor_key,
    actor_id,
    {{ entity_key('repo_id', 'repo_name') }} as repo_key,
    repo_id,
    org_id,

    -- strings
    case
        when shape = 'timeline' then 'timeline'
        when created_at < cast('2025-10-07' as timestamp_ntz) then 'events'
        else 'trimmed'
    end as era,
    event_type,
    actor_login,
    repo_name,
    org_login,
    cast(payload:action as varchar) as action,
    cast(payload:ref as varchar) as ref,
    cast(payload:ref_type as varchar) as ref_type,

    -- numerics
    cast(payload:size as number(38, 0)) as push_size,
    cast(payload:distinct_size as number(38, 0)) as distinct_size,
    coalesce(
        cast(payload:number as number(38, 0)),
        cast(payload:issue:number as number(38, 0)),
        cast(payload:pull_request:number as number(38, 0))
    ) as issue_number,

    -- booleans
    case
        when event_type != 'PullRequestEvent' then null
        when cast(payload:action as varchar) = 'merged' then true
        when cast(payload:action as varchar) = 'closed'
            then coalesce(
                cast(payload:pull_request:merged as boolean),
                case
                    when
                        cast(payload:pull_request:merged_at as varchar)
                        is not null
                        then true
                end
            )
        else false
    end as is_merged,
    coalesce(
        endswith(lower(actor_login), '[bot]')
        or endswith(lower(actor_login), '-bot'),
        false
    ) as is_bot,

    -- timestamps
    created_at,
    cast(created_at as date) as event_date,

    -- provenance
    file_name,
    file_hour,
    file_row_number
from timed
