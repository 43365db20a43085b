-- Generated from include/dbt by `python -m include.sql.model_tasks`: change the models, not this.
-- Silver and Gold without Airflow: a graph of tasks, one for each table, which does what dbt would.
-- It runs when BronzeRaw has new rows. The schema holds the tasks alone, so that all have one owner.
-- Within $$, as schemachange would take the END of a CASE for a block's.
{%- macro empty(sql, bound) -%}
    select *
    from (
        {{ sql
            | replace(':change_from', '-1')
            | replace(':change_to', '-1')
            | replace(':first_changed', bound)
            | replace(':last_changed', bound) }}
    )
    where false
{%- endmacro %}
{% if queue_url %}
create or replace schema {{ database }}.tasks;

create stream if not exists {{ database }}.bronze.new_rows
    on table {{ database }}.bronze.BronzeRaw
    append_only = true
    show_initial_rows = true;

create task {{ database }}.tasks.new_rows
    warehouse = {{ transform_warehouse }}
    schedule = '60 minutes'
    user_task_timeout_ms = {{ statement_timeout }}000
    suspend_task_after_num_failures = 10
    when system$stream_has_data('{{ database }}.bronze.new_rows')
as
select 'BronzeRaw has new rows';

create or replace view {{ database }}.gold.coverage_hours copy grants as
with

hours as (

    select * from {{ database }}.ledger.hours

),

-- The archive's range that was looked at so far
loaded as (

    select
        min(file_hour) as first_file_hour,
        max(file_hour) as last_file_hour
    from hours
    where status != 'missing'

),

offsets as (

    select 0 as hours_behind
    union all
    select 7 as hours_behind
    union all
    select 8 as hours_behind

),

candidates as (

    select
        hours.*,
        offsets.hours_behind,
        dateadd('hour', offsets.hours_behind, hours.file_hour) as event_hour
    from hours
    inner join loaded
        on
            hours.file_hour >= loaded.first_file_hour
            and hours.file_hour <= loaded.last_file_hour
    cross join offsets

),

-- Until 2014 the files' names are in Pacific time, where an hour each autumn
-- is two of UTC and an hour each spring is none
in_utc as (

    select *
    from candidates
    where
        (
            file_hour >= cast('2015-01-01' as timestamp_ntz)
            and hours_behind = 0
        )
        or (
            file_hour < cast('2015-01-01' as timestamp_ntz)
            and hours_behind > 0
            and convert_timezone('UTC', 'America/Los_Angeles', event_hour)
            = file_hour
        )

)

select
    event_hour,
    cast(event_hour as date) as event_date,
    max(case when status = 'loaded' then 1 else 0 end) = 1 as is_loaded,
    min(case when status = 'missing' then 1 else 0 end) = 1 as is_missing,
    max(case when is_suspicious then 1 else 0 end) = 1 as is_suspicious,
    max(case when is_republished then 1 else 0 end) = 1 as is_republished,
    cast(sum(lines_read) as number(38, 0)) as lines_read,
    cast(sum(rows_kept) as number(38, 0)) as rows_kept,
    cast(sum(rows_dropped) as number(38, 0)) as rows_dropped,
    cast(sum(rows_quarantined) as number(38, 0)) as rows_quarantined
from in_utc
group by event_hour;

grant ownership on view {{ database }}.gold.coverage_hours to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    -- Each path once, in one select: one pass over the JSON
    extracted as (

        select
            -- provenance
            file_name,
            file_hour,
            file_row_number,

            -- the event
            cast(event:id as varchar) as id,
            cast(event:type as varchar) as event_type,
            cast(event:created_at as varchar) as created_at_text,
            cast(event:url as varchar) as url,
            cast(event:actor as varchar) as timeline_login,
            cast(event:actor:id as number(38, 0)) as actor_id,
            cast(event:actor:login as varchar) as events_login,
            cast(event:repository:id as number(38, 0)) as timeline_repo_id,
            cast(event:repository:owner as varchar) as timeline_owner,
            cast(event:repository:name as varchar) as timeline_repo,
            cast(event:repository:url as varchar) as timeline_repo_url,
            cast(event:repository:organization as varchar) as timeline_org_login,
            cast(event:repository:language as varchar) as timeline_language,
            cast(event:repo:id as number(38, 0)) as events_repo_id,
            cast(event:repo:name as varchar) as events_repo_name,
            cast(event:org:id as number(38, 0)) as org_id,
            cast(event:org:login as varchar) as events_org_login,

            -- several types
            cast(event:payload:action as varchar) as action,
            cast(event:payload:ref as varchar) as ref,
            cast(event:payload:ref_type as varchar) as ref_type,
            cast(event:payload:number as number(38, 0)) as number,
            cast(event:payload:id as varchar) as payload_id,
            cast(event:payload:commit as varchar) as commented_commit,
            cast(event:payload:issue_id as number(38, 0)) as timeline_issue_id,
            cast(event:payload:comment_id as number(38, 0)) as timeline_comment_id,

            -- pushes
            cast(event:payload:push_id as number(38, 0)) as push_id,
            cast(event:payload:size as number(38, 0)) as push_size,
            cast(event:payload:distinct_size as number(38, 0)) as distinct_size,
            cast(event:payload:head as varchar) as head_sha,
            cast(event:payload:before as varchar) as before_sha,

            -- creates
            cast(event:payload:master_branch as varchar) as default_branch,

            -- issues and comments
            cast(event:payload:issue:id as number(38, 0)) as events_issue_id,
            cast(event:payload:issue:number as number(38, 0)) as issue_number,
            cast(event:payload:issue:title as varchar) as issue_title,
            cast(event:payload:issue:user:id as number(38, 0)) as issue_author_id,
            cast(event:payload:issue:user:login as varchar) as issue_author,
            cast(event:payload:issue:created_at as varchar) as issue_created_at,
            cast(event:payload:issue:pull_request:url as varchar)
                as commented_pull_request,
            cast(event:payload:comment:id as number(38, 0)) as events_comment_id,
            cast(event:payload:comment:commit_id as varchar) as comment_commit,
            cast(event:payload:comment:path as varchar) as comment_path,

            -- pull requests and reviews
            cast(event:payload:pull_request:id as number(38, 0))
                as pull_request_id,
            cast(event:payload:pull_request:number as number(38, 0))
                as pull_request_number,
            cast(event:payload:pull_request:title as varchar)
                as pull_request_title,
            cast(event:payload:pull_request:user:id as number(38, 0))
                as pull_request_author_id,
            cast(event:payload:pull_request:user:login as varchar)
                as pull_request_author,
            cast(event:payload:pull_request:created_at as varchar)
                as pull_request_created_at,
            cast(event:payload:pull_request:merged_at as varchar)
                as pull_request_merged_at,
            cast(event:payload:pull_request:merged as boolean) as merged,
            cast(event:payload:pull_request:draft as boolean) as is_draft,
            cast(event:payload:pull_request:commits as number(38, 0))
                as commit_count,
            cast(event:payload:pull_request:additions as number(38, 0))
                as added_lines,
            cast(event:payload:pull_request:deletions as number(38, 0))
                as deleted_lines,
            cast(event:payload:pull_request:changed_files as number(38, 0))
                as changed_files,
            cast(event:payload:pull_request:base:ref as varchar) as base_ref,
            cast(event:payload:pull_request:head:ref as varchar) as head_ref,
            cast(event:payload:pull_request:base:repo:language as varchar)
                as base_language,
            cast(event:payload:review:id as number(38, 0)) as review_id,
            cast(event:payload:review:state as varchar) as review_state,

            -- forks, releases, members, wiki pages, follows
            cast(event:payload:forkee:id as number(38, 0)) as fork_repo_id,
            cast(event:payload:forkee:full_name as varchar) as fork_repo_name,
            cast(event:payload:forkee:language as varchar) as fork_language,
            cast(event:payload:release:id as number(38, 0)) as release_id,
            cast(event:payload:release:tag_name as varchar) as release_tag,
            cast(event:payload:release:name as varchar) as release_name,
            cast(event:payload:release:prerelease as boolean) as is_prerelease,
            cast(event:payload:member:id as number(38, 0)) as member_id,
            cast(event:payload:member:login as varchar) as member_login,
            cast(event:payload:pages[0]:page_name as varchar) as page_name,
            cast(event:payload:pages[0]:action as varchar) as page_action,
            cast(event:payload:pages[0]:html_url as varchar) as page_url,
            cast(event:payload:pages[0]:sha as varchar) as page_sha,
            cast(event:payload:target:id as number(38, 0)) as target_id,
            cast(event:payload:target:login as varchar) as target_login
        from {{ database }}.bronze.events_current
        where file_name >= :first_changed
            and file_name <= :last_changed
            and file_name in (
                select file_name
                        from {{ database }}.ledger.loads
                        where load_seq > :change_from and load_seq <= :change_to
            )

    ),

    -- Without an id: actor is a login, the repository is in parts
    typed as (

        select
            *,
            id is null as is_timeline,
            dateadd(
                    'minute',
                    case left(replace(trim(substr(created_at_text, 20)), ':', ''), 1) when '-' then 1 when '+' then -1 else 0 end
                    * coalesce(
                        try_cast(substr(replace(trim(substr(created_at_text, 20)), ':', ''), 2, 2) as integer) * 60
                        + try_cast(substr(replace(trim(substr(created_at_text, 20)), ':', ''), 4, 2) as integer),
                        0
                    ),
                    try_cast(
                        replace(replace(left(created_at_text, 19), '/', '-'), 'T', ' ')
                        as timestamp_ntz
                    )
                ) as created_at,
            case when id is null then timeline_login else events_login end
                as actor_login,
            coalesce(events_repo_id, timeline_repo_id) as repo_id,
            coalesce(events_repo_name, timeline_owner || '/' || timeline_repo)
                as repo_name,
            coalesce(events_org_login, timeline_org_login) as org_login,
            coalesce(
                number,
                issue_number,
                pull_request_number,
                -- A Timeline comment has its thread in the page's address only
                try_cast(
                    regexp_substr(url, '/(issues|pull)/([0-9]+)', 1, 1, 'e', 2)
                    as integer
                )
            ) as thread_number
        from extracted

    )

    select
        -- ids
        case
            when is_timeline then md5(
                    coalesce(cast(event_type as varchar), '') || '|' ||
                    coalesce(cast(timeline_login as varchar), '') || '|' ||
                    coalesce(cast(timeline_repo_url as varchar), '') || '|' ||
                    coalesce(cast(url as varchar), '') || '|' ||
                    coalesce(cast(action as varchar), '') || '|' ||
                    coalesce(cast(ref as varchar), '') || '|' ||
                    coalesce(cast(ref_type as varchar), '') || '|' ||
                    coalesce(cast(head_sha as varchar), '') || '|' ||
                    coalesce(cast(push_size as varchar), '') || '|' ||
                    coalesce(cast(number as varchar), '') || '|' ||
                    coalesce(cast(payload_id as varchar), '') || '|' ||
                    coalesce(cast(timeline_issue_id as varchar), '') || '|' ||
                    coalesce(cast(timeline_comment_id as varchar), '') || '|' ||
                    coalesce(cast(events_comment_id as varchar), '') || '|' ||
                    coalesce(cast(commented_commit as varchar), '') || '|' ||
                    coalesce(cast(pull_request_id as varchar), '') || '|' ||
                    coalesce(cast(target_login as varchar), '') || '|' ||
                    coalesce(cast(member_login as varchar), '') || '|' ||
                    coalesce(cast(page_url as varchar), '') || '|' ||
                    coalesce(cast(page_sha as varchar), '')
                )
            else id
        end as event_id,
        coalesce(cast(actor_id as varchar), 'name:' || lower(actor_login)) as actor_key,
        actor_id,
        coalesce(cast(repo_id as varchar), 'name:' || lower(repo_name)) as repo_key,
        repo_id,
        coalesce(cast(org_id as varchar), 'name:' || lower(org_login)) as org_key,
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
            else coalesce(cast(coalesce(pull_request_author_id, issue_author_id) as varchar), 'name:' || lower(coalesce(pull_request_author, issue_author)))
        end as thread_author_key,

        -- strings
        case
            when is_timeline then 'timeline'
            when created_at < cast('2025-10-07' as timestamp_ntz) then 'events'
            else 'trimmed'
        end as era,
        event_type,
        actor_login,
        case
            when endswith(lower(actor_login), '[bot]') then 'app'
            when regexp_like(lower(actor_login), '.*[-_]bot|.*-robot') then 'name'
            when lower(actor_login) in (
                'bors', 'bors-servo', 'codecov-commenter', 'codecov-io',
                'coveralls', 'greenkeeperio', 'homu', 'houndci', 'imgbot',
                'pep8speaks', 'rustbot', 'travis-ci', 'travisbuddy', 'web-flow'
            )
                then 'listed'
        end as bot_reason,
        repo_name,
        coalesce(timeline_language, base_language, fork_language) as repo_language,
        org_login,
        action,
        ref,
        ref_type,
        head_sha,
        before_sha,
        default_branch,
        coalesce(pull_request_title, issue_title) as thread_title,
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
        thread_number,
        push_size,
        distinct_size,
        commit_count,
        added_lines,
        deleted_lines,
        changed_files,

        -- booleans
        case
            when endswith(lower(actor_login), '[bot]') then 'app'
            when regexp_like(lower(actor_login), '.*[-_]bot|.*-robot') then 'name'
            when lower(actor_login) in (
                'bors', 'bors-servo', 'codecov-commenter', 'codecov-io',
                'coveralls', 'greenkeeperio', 'homu', 'houndci', 'imgbot',
                'pep8speaks', 'rustbot', 'travis-ci', 'travisbuddy', 'web-flow'
            )
                then 'listed'
        end is not null as is_bot,
        case
            when thread_number is null then null
            else
                startswith(event_type, 'PullRequest')
                or commented_pull_request is not null
                or coalesce(contains(url, '/pull/'), false)
        end as is_pull_request,
        case
            when event_type != 'PullRequestEvent' then null
            when action = 'merged' then true
            when action != 'closed' then false
            when pull_request_merged_at is not null then true
            else merged
        end as is_merged,
        is_draft,
        is_prerelease,
        case
            when endswith(lower(coalesce(pull_request_author, issue_author)), '[bot]') then 'app'
            when regexp_like(lower(coalesce(pull_request_author, issue_author)), '.*[-_]bot|.*-robot') then 'name'
            when lower(coalesce(pull_request_author, issue_author)) in (
                'bors', 'bors-servo', 'codecov-commenter', 'codecov-io',
                'coveralls', 'greenkeeperio', 'homu', 'houndci', 'imgbot',
                'pep8speaks', 'rustbot', 'travis-ci', 'travisbuddy', 'web-flow'
            )
                then 'listed'
        end is not null
            as is_thread_author_bot,

        -- timestamps
        created_at,
        cast(created_at as date) as event_date,
        dateadd(
                'minute',
                case left(replace(trim(substr(coalesce(pull_request_created_at, issue_created_at), 20)), ':', ''), 1) when '-' then 1 when '+' then -1 else 0 end
                * coalesce(
                    try_cast(substr(replace(trim(substr(coalesce(pull_request_created_at, issue_created_at), 20)), ':', ''), 2, 2) as integer) * 60
                    + try_cast(substr(replace(trim(substr(coalesce(pull_request_created_at, issue_created_at), 20)), ':', ''), 4, 2) as integer),
                    0
                ),
                try_cast(
                    replace(replace(left(coalesce(pull_request_created_at, issue_created_at), 19), '/', '-'), 'T', ' ')
                    as timestamp_ntz
                )
            ) as thread_created_at,
        dateadd(
                'minute',
                case left(replace(trim(substr(pull_request_merged_at, 20)), ':', ''), 1) when '-' then 1 when '+' then -1 else 0 end
                * coalesce(
                    try_cast(substr(replace(trim(substr(pull_request_merged_at, 20)), ':', ''), 2, 2) as integer) * 60
                    + try_cast(substr(replace(trim(substr(pull_request_merged_at, 20)), ':', ''), 4, 2) as integer),
                    0
                ),
                try_cast(
                    replace(replace(left(pull_request_merged_at, 19), '/', '-'), 'T', ' ')
                    as timestamp_ntz
                )
            ) as merged_at,
        case
            when event_type is null then 'no type'
            when created_at is null then 'created_at is no time'
        end as reject_reason,

        -- provenance
        file_name,
        file_hour,
        file_row_number
    from typed
{%- endset %}
create transient table if not exists {{ database }}.silver.event_rows
as
{{ empty(sql, "'9999-12-31'::varchar") }};

grant ownership on table {{ database }}.silver.event_rows to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_event_rows
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.new_rows
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'event_rows'
    );
    let change_to number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.loads
    );
    let first_changed varchar := (
        select
            coalesce(
                min(file_name),
                ('9999-12-31')
            )
        from (select file_name
        from {{ database }}.ledger.loads
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed varchar := (
        select
            coalesce(
                max(file_name),
                ('0001-01-01')
            )
        from (select file_name
        from {{ database }}.ledger.loads
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.silver.event_rows
    where
        file_name >= :first_changed
        and file_name <= :last_changed
        and file_name in (
            select file_name
                    from {{ database }}.ledger.loads
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.silver.event_rows (
        event_id,
        actor_key,
        actor_id,
        repo_key,
        repo_id,
        org_key,
        org_id,
        push_id,
        payload_id,
        issue_id,
        comment_id,
        pull_request_id,
        review_id,
        fork_repo_id,
        release_id,
        member_id,
        target_id,
        thread_author_key,
        era,
        event_type,
        actor_login,
        bot_reason,
        repo_name,
        repo_language,
        org_login,
        action,
        ref,
        ref_type,
        head_sha,
        before_sha,
        default_branch,
        thread_title,
        comment_commit_sha,
        comment_path,
        base_ref,
        head_ref,
        review_state,
        fork_repo_name,
        release_tag,
        release_name,
        member_login,
        page_name,
        page_action,
        target_login,
        thread_number,
        push_size,
        distinct_size,
        commit_count,
        added_lines,
        deleted_lines,
        changed_files,
        is_bot,
        is_pull_request,
        is_merged,
        is_draft,
        is_prerelease,
        is_thread_author_bot,
        created_at,
        event_date,
        thread_created_at,
        merged_at,
        reject_reason,
        file_name,
        file_hour,
        file_row_number
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'event_rows' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    event_rows as (

        select
            *,
            -- Files and their lines in order, as one number
            datediff('hour', to_timestamp_ntz('2011-01-01'), file_hour)
            * 1000000000 + file_row_number as place
        from {{ database }}.silver.event_rows
        where
            event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
            and reject_reason is null

    ),

    -- Apart, lest whole rows go through the grouping
    winners as (

        select min(place) as place
        from event_rows
        group by event_id, created_at

    )

    select event_rows.* exclude (reject_reason, place)
    from event_rows
    inner join winners on event_rows.place = winners.place
{%- endset %}
create transient table if not exists {{ database }}.silver.events
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.events to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_events
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_event_rows
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'events'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'event_rows'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.silver.events
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.silver.events (
        event_id,
        actor_key,
        actor_id,
        repo_key,
        repo_id,
        org_key,
        org_id,
        push_id,
        payload_id,
        issue_id,
        comment_id,
        pull_request_id,
        review_id,
        fork_repo_id,
        release_id,
        member_id,
        target_id,
        thread_author_key,
        era,
        event_type,
        actor_login,
        bot_reason,
        repo_name,
        repo_language,
        org_login,
        action,
        ref,
        ref_type,
        head_sha,
        before_sha,
        default_branch,
        thread_title,
        comment_commit_sha,
        comment_path,
        base_ref,
        head_ref,
        review_state,
        fork_repo_name,
        release_tag,
        release_name,
        member_login,
        page_name,
        page_action,
        target_login,
        thread_number,
        push_size,
        distinct_size,
        commit_count,
        added_lines,
        deleted_lines,
        changed_files,
        is_bot,
        is_pull_request,
        is_merged,
        is_draft,
        is_prerelease,
        is_thread_author_bot,
        created_at,
        event_date,
        thread_created_at,
        merged_at,
        file_name,
        file_hour,
        file_row_number
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'events' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    -- A file that a later load replaced is judged when its turn comes
    loads as (

        select *
        from {{ database }}.ledger.current_loads
        where
            file_name >= :first_changed
            and file_name <= :last_changed
            and file_name in (
                select file_name
                        from {{ database }}.ledger.loads
                        where load_seq > :change_from and load_seq <= :change_to
            )
            and load_seq <= :change_to

    ),

    bronze as (

        select
            file_name,
            count(*) as row_count
        from {{ database }}.bronze.events_current
        where file_name >= :first_changed
            and file_name <= :last_changed
            and file_name in (
                select file_name
                        from {{ database }}.ledger.loads
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by file_name

    ),

    silver as (

        select
            file_name,
            count(*) as row_count,
            count(reject_reason) as rejected_count
        from {{ database }}.silver.event_rows
        where file_name >= :first_changed
            and file_name <= :last_changed
            and file_name in (
                select file_name
                        from {{ database }}.ledger.loads
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by file_name

    )

    select
        loads.file_name,
        loads.file_hour,
        loads.rows_kept as ledger_rows,
        coalesce(bronze.row_count, 0) as bronze_rows,
        coalesce(silver.row_count, 0) as silver_rows,
        coalesce(silver.rejected_count, 0) as rejected_rows
    from loads
    left join bronze on loads.file_name = bronze.file_name
    left join silver on loads.file_name = silver.file_name
{%- endset %}
create transient table if not exists {{ database }}.gold.file_reconciliation
as
{{ empty(sql, "'9999-12-31'::varchar") }};

grant ownership on table {{ database }}.gold.file_reconciliation to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_file_reconciliation
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_event_rows
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'file_reconciliation'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'event_rows'
    )));
    let first_changed varchar := (
        select
            coalesce(
                min(file_name),
                ('9999-12-31')
            )
        from (select file_name
        from {{ database }}.ledger.loads
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed varchar := (
        select
            coalesce(
                max(file_name),
                ('0001-01-01')
            )
        from (select file_name
        from {{ database }}.ledger.loads
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.file_reconciliation
    where
        file_name >= :first_changed
        and file_name <= :last_changed
        and file_name in (
            select file_name
                    from {{ database }}.ledger.loads
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.file_reconciliation (
        file_name,
        file_hour,
        ledger_rows,
        bronze_rows,
        silver_rows,
        rejected_rows
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'file_reconciliation' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.follows copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'FollowEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    target_id as followed_id,

    -- strings
    era,
    actor_login,
    target_login as followed_login,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.follows to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.forks copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'ForkEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    fork_repo_id,

    -- strings
    era,
    actor_login,
    repo_name,
    fork_repo_name,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.forks to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.gists copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'GistEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    payload_id as gist_id,

    -- strings
    era,
    actor_login,
    action as activity,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.gists to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.issue_comments copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'IssueCommentEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    comment_id,
    issue_id,
    thread_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    thread_title as title,

    -- numerics
    thread_number as issue_number,

    -- booleans
    is_bot,
    is_pull_request,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.issue_comments to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.issues copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'IssuesEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    issue_id,
    thread_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    thread_title as title,

    -- numerics
    thread_number as issue_number,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date,
    thread_created_at as opened_at
from events;

grant ownership on view {{ database }}.silver.issues to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.memberships copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'MemberEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    member_id,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    member_login,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.memberships to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    events as (

        select *
        from {{ database }}.silver.events
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    ),

    named as (

        select
            event_date,
            'actor' as entity,
            actor_key as entity_key,
            actor_id as entity_id,
            actor_login as name,
            created_at
        from events
        union all
        select
            event_date,
            'repository' as entity,
            repo_key as entity_key,
            repo_id as entity_id,
            repo_name as name,
            created_at
        from events
        union all
        select
            event_date,
            'organisation' as entity,
            org_key as entity_key,
            org_id as entity_id,
            org_login as name,
            created_at
        from events

    )

    select
        event_date,
        entity,
        entity_key,
        entity_id,
        name,
        count(*) as event_count,
        min(created_at) as first_used_at,
        max(created_at) as last_used_at
    from named
    where entity_key is not null
    group by event_date, entity, entity_key, entity_id, name
{%- endset %}
create transient table if not exists {{ database }}.silver.name_days
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.name_days to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_name_days
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_events
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_days'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'events'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.silver.name_days
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.silver.name_days (
        event_date,
        entity,
        entity_key,
        entity_id,
        name,
        event_count,
        first_used_at,
        last_used_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'name_days' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.name_history copy grants as
with

name_days as (

    select * from {{ database }}.silver.name_days

),

-- A bearer's days under one name, until it bears another
marked as (

    select
        *,
        case
            when
                lag(name) over (
                    partition by entity, entity_key
                    order by first_used_at, name
                ) = name
                then 0
            else 1
        end as is_change
    from name_days

),

numbered as (

    select
        *,
        sum(is_change) over (
            partition by entity, entity_key
            order by first_used_at, name
            rows between unbounded preceding and current row
        ) as period_number
    from marked

),

periods as (

    select
        entity,
        entity_key,
        entity_id,
        name,
        period_number,
        min(first_used_at) as valid_from,
        max(last_used_at) as last_used_at
    from numbered
    group by entity, entity_key, entity_id, name, period_number

)

select
    entity,
    entity_key,
    entity_id,
    name,
    valid_from,
    -- Until the bearer's next name, or the name's next bearer
    least(
        coalesce(
            lead(valid_from) over (
                partition by entity, entity_key order by valid_from, name
            ),
            cast('9999-12-31' as timestamp_ntz)
        ),
        coalesce(
            lead(valid_from) over (
                partition by entity, lower(name)
                order by valid_from, entity_key
            ),
            cast('9999-12-31' as timestamp_ntz)
        )
    ) as valid_until,
    last_used_at
from periods;

grant ownership on view {{ database }}.silver.name_history to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    parts as (

        select *
        from {{ database }}.silver.name_days
        where event_date >= :first_changed
            and event_date <= last_day(:last_changed, 'month')
            and cast(date_trunc('month', event_date) as date) in (
                select cast(date_trunc('month', event_date) as date) as event_month
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        cast(date_trunc('month', event_date) as date) as event_month,

            entity,

            entity_key,

            entity_id,

            name,

            cast(sum(event_count) as number(38, 0)) as event_count,

            min(first_used_at) as first_used_at,

            max(last_used_at) as last_used_at

    from parts
    group by cast(date_trunc('month', event_date) as date), entity, entity_key, entity_id, name
{%- endset %}
create transient table if not exists {{ database }}.silver.name_months
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.name_months to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_name_months
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_name_days
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_months'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_days'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_month),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('month', event_date) as date) as event_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_month),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('month', event_date) as date) as event_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.silver.name_months
    where
        event_month >= :first_changed
        and event_month <= :last_changed
        and cast(date_trunc('month', event_month) as date) in (
            select cast(date_trunc('month', event_date) as date) as event_month
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.silver.name_months (
        event_month,
        entity,
        entity_key,
        entity_id,
        name,
        event_count,
        first_used_at,
        last_used_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'name_months' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    parts as (

        select *
        from {{ database }}.silver.name_months
        where event_month >= :first_changed
            and event_month <= last_day(:last_changed, 'year')
            and cast(date_trunc('year', event_month) as date) in (
                select cast(date_trunc('year', event_date) as date) as event_year
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        cast(date_trunc('year', event_month) as date) as event_year,

            entity,

            entity_key,

            entity_id,

            name,

            cast(sum(event_count) as number(38, 0)) as event_count,

            min(first_used_at) as first_used_at,

            max(last_used_at) as last_used_at

    from parts
    group by cast(date_trunc('year', event_month) as date), entity, entity_key, entity_id, name
{%- endset %}
create transient table if not exists {{ database }}.silver.name_years
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.name_years to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_name_years
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_name_months
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_years'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_months'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_year),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('year', event_date) as date) as event_year
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_year),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('year', event_date) as date) as event_year
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.silver.name_years
    where
        event_year >= :first_changed
        and event_year <= :last_changed
        and cast(date_trunc('year', event_year) as date) in (
            select cast(date_trunc('year', event_date) as date) as event_year
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.silver.name_years (
        event_year,
        entity,
        entity_key,
        entity_id,
        name,
        event_count,
        first_used_at,
        last_used_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'name_years' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    name_years as (

        select *
        from {{ database }}.silver.name_years
        where entity = 'organisation' and :change_to > :change_from

    ),

    names as (

        select
            entity_key,
            entity_id,
            name,
            cast(sum(event_count) as number(38, 0)) as event_count,
            min(first_used_at) as first_used_at,
            max(last_used_at) as last_used_at
        from name_years
        group by entity_key, entity_id, name

    ),

    current_names as (

        select
            entity_key,
            entity_id,
            name,
            cast(
                sum(event_count) over (partition by entity_key) as number(38, 0)
            ) as event_count,
            count(*) over (partition by entity_key) as name_count,
            min(first_used_at) over (partition by entity_key) as first_seen_at,
            max(last_used_at) over (partition by entity_key) as last_seen_at
        from names
        qualify
            row_number() over (
                partition by entity_key
                order by last_used_at desc, name asc
            ) = 1

    ),

    -- Whoever first bore a name with an id is taken for the one before ids
    first_bearers as (

        select
            lower(name) as lower_name,
            entity_id
        from names
        where entity_id is not null
        qualify
            row_number() over (
                partition by lower(name)
                order by first_used_at asc, entity_id asc
            ) = 1

    )

    select
        current_names.entity_key as org_key,
        current_names.entity_id as org_id,
        coalesce(current_names.entity_id, first_bearers.entity_id)
            as resolved_org_id,
        case
            when current_names.entity_id is not null then 'event'
            when first_bearers.entity_id is not null then 'later_name'
            else 'unknown'
        end as id_source,
        current_names.name as org_login,

        current_names.name_count,
        current_names.event_count,
        current_names.first_seen_at,
        current_names.last_seen_at
    from current_names
    left join first_bearers on lower(current_names.name) = first_bearers.lower_name
{%- endset %}
create transient table if not exists {{ database }}.silver.organisations
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.organisations to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_organisations
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_name_years
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'organisations'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_years'
    )));
    begin transaction;
    delete from {{ database }}.silver.organisations
    where
        :change_to > :change_from;
    insert into {{ database }}.silver.organisations (
        org_key,
        org_id,
        resolved_org_id,
        id_source,
        org_login,
        name_count,
        event_count,
        first_seen_at,
        last_seen_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'organisations' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.publications copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'PublicEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,

    -- strings
    era,
    actor_login,
    repo_name,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.publications to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.pull_requests copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'PullRequestEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    pull_request_id,
    thread_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    case when is_merged then 'merged' else action end as activity,
    thread_title as title,
    base_ref,
    head_ref,

    -- numerics
    thread_number as pull_request_number,
    commit_count,
    added_lines,
    deleted_lines,
    changed_files,

    -- booleans
    is_bot,
    is_merged,
    is_draft,

    -- timestamps
    created_at,
    event_date,
    thread_created_at as opened_at,
    coalesce(merged_at, case when is_merged then created_at end) as merged_at
from events;

grant ownership on view {{ database }}.silver.pull_requests to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.pushes copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'PushEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    push_id,

    -- strings
    era,
    actor_login,
    repo_name,
    ref,
    head_sha,
    before_sha,

    -- numerics
    push_size,
    distinct_size,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.pushes to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.ref_changes copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type in ('CreateEvent', 'DeleteEvent')

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,

    -- strings
    era,
    actor_login,
    repo_name,
    iff(event_type = 'CreateEvent', 'created', 'deleted') as activity,
    ref_type,
    ref,
    default_branch,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.ref_changes to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.rejected_events copy grants as
with

event_rows as (

    select *
    from {{ database }}.silver.event_rows
    where reject_reason is not null

)

select
    file_name,
    file_hour,
    file_row_number,
    event_id,
    event_type,
    actor_login,
    repo_name,
    reject_reason
from event_rows;

grant ownership on view {{ database }}.silver.rejected_events to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.releases copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'ReleaseEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    release_id,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    release_tag,
    release_name,

    -- booleans
    is_bot,
    is_prerelease,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.releases to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    name_years as (

        select *
        from {{ database }}.silver.name_years
        where entity = 'repository' and :change_to > :change_from

    ),

    names as (

        select
            entity_key,
            entity_id,
            name,
            cast(sum(event_count) as number(38, 0)) as event_count,
            min(first_used_at) as first_used_at,
            max(last_used_at) as last_used_at
        from name_years
        group by entity_key, entity_id, name

    ),

    current_names as (

        select
            entity_key,
            entity_id,
            name,
            cast(
                sum(event_count) over (partition by entity_key) as number(38, 0)
            ) as event_count,
            count(*) over (partition by entity_key) as name_count,
            min(first_used_at) over (partition by entity_key) as first_seen_at,
            max(last_used_at) over (partition by entity_key) as last_seen_at
        from names
        qualify
            row_number() over (
                partition by entity_key
                order by last_used_at desc, name asc
            ) = 1

    ),

    -- Whoever first bore a name with an id is taken for the one before ids
    first_bearers as (

        select
            lower(name) as lower_name,
            entity_id
        from names
        where entity_id is not null
        qualify
            row_number() over (
                partition by lower(name)
                order by first_used_at asc, entity_id asc
            ) = 1

    )

    select
        current_names.entity_key as repo_key,
        current_names.entity_id as repo_id,
        coalesce(current_names.entity_id, first_bearers.entity_id)
            as resolved_repo_id,
        case
            when current_names.entity_id is not null then 'event'
            when first_bearers.entity_id is not null then 'later_name'
            else 'unknown'
        end as id_source,
        current_names.name as repo_name,

            split_part(current_names.name, '/', 1) as owner_login,

        current_names.name_count,
        current_names.event_count,
        current_names.first_seen_at,
        current_names.last_seen_at
    from current_names
    left join first_bearers on lower(current_names.name) = first_bearers.lower_name
{%- endset %}
create transient table if not exists {{ database }}.silver.repositories
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.repositories to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_repositories
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_name_years
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'repositories'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_years'
    )));
    begin transaction;
    delete from {{ database }}.silver.repositories
    where
        :change_to > :change_from;
    insert into {{ database }}.silver.repositories (
        repo_key,
        repo_id,
        resolved_repo_id,
        id_source,
        repo_name,
        owner_login,
        name_count,
        event_count,
        first_seen_at,
        last_seen_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'repositories' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.review_comments copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'PullRequestReviewCommentEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    comment_id,
    pull_request_id,
    thread_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    comment_commit_sha,
    comment_path,

    -- numerics
    thread_number as pull_request_number,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.review_comments to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.reviews copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'PullRequestReviewEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    review_id,
    pull_request_id,
    thread_author_key,

    -- strings
    era,
    actor_login,
    repo_name,
    action as activity,
    review_state,

    -- numerics
    thread_number as pull_request_number,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.reviews to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.silver.stars copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'WatchEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,

    -- strings
    era,
    actor_login,
    repo_name,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.stars to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    events as (

        select *
        from {{ database }}.silver.events
        where
            event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
            and thread_number is not null
            and repo_key is not null

    )

    select
        event_date,

        -- ids
        repo_key,
        repo_id,
        thread_number,
        actor_key,
        max(
            coalesce(
                thread_author_key, case when action = 'opened' then actor_key end
            )
        ) as author_key,

        -- numerics
        count(
            case
                when
                    event_type in (
                        'IssueCommentEvent', 'PullRequestReviewCommentEvent'
                    )
                    then 1
            end
        ) as comment_count,
        count(case when event_type = 'PullRequestReviewEvent' then 1 end)
            as review_count,
        max(case when is_pull_request then 1 else 0 end) as pull_request_flag,
        max(case when is_bot then 1 else 0 end) as bot_flag,
        max(
            case
                when is_thread_author_bot or (action = 'opened' and is_bot) then 1
                else 0
            end
        ) as author_bot_flag,

        -- timestamps
        min(
            coalesce(
                thread_created_at, case when action = 'opened' then created_at end
            )
        ) as opened_at,
        min(
            case
                when
                    event_type in (
                        'IssueCommentEvent',
                        'PullRequestReviewEvent',
                        'PullRequestReviewCommentEvent'
                    )
                    then created_at
            end
        ) as first_response_at,
        min(
            case
                when is_merged then coalesce(merged_at, created_at)
                else merged_at
            end
        ) as merged_at,
        min(case when action in ('closed', 'merged') then created_at end)
            as first_closed_at,
        max(case when action in ('closed', 'merged') then created_at end)
            as last_closed_at,
        max(case when action = 'reopened' then created_at end) as last_reopened_at,
        max(created_at) as last_event_at
    from events
    group by event_date, repo_key, repo_id, thread_number, actor_key
{%- endset %}
create transient table if not exists {{ database }}.gold.thread_days
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.thread_days to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_thread_days
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_events
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'thread_days'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'events'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.thread_days
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.thread_days (
        event_date,
        repo_key,
        repo_id,
        thread_number,
        actor_key,
        author_key,
        comment_count,
        review_count,
        pull_request_flag,
        bot_flag,
        author_bot_flag,
        opened_at,
        first_response_at,
        merged_at,
        first_closed_at,
        last_closed_at,
        last_reopened_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'thread_days' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    parts as (

        select *
        from {{ database }}.gold.thread_days
        where event_date >= :first_changed
            and event_date <= last_day(:last_changed, 'month')
            and cast(date_trunc('month', event_date) as date) in (
                select cast(date_trunc('month', event_date) as date) as event_month
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        cast(date_trunc('month', event_date) as date) as event_month,

            repo_key,

            repo_id,

            thread_number,

            actor_key,

            cast(sum(comment_count) as number(38, 0)) as comment_count,

            cast(sum(review_count) as number(38, 0)) as review_count,

            min(opened_at) as opened_at,

            min(first_response_at) as first_response_at,

            min(merged_at) as merged_at,

            min(first_closed_at) as first_closed_at,

            max(author_key) as author_key,

            max(pull_request_flag) as pull_request_flag,

            max(bot_flag) as bot_flag,

            max(author_bot_flag) as author_bot_flag,

            max(last_closed_at) as last_closed_at,

            max(last_reopened_at) as last_reopened_at,

            max(last_event_at) as last_event_at

    from parts
    group by cast(date_trunc('month', event_date) as date), repo_key, repo_id, thread_number, actor_key
{%- endset %}
create transient table if not exists {{ database }}.gold.thread_months
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.thread_months to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_thread_months
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_thread_days
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'thread_months'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'thread_days'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_month),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('month', event_date) as date) as event_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_month),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('month', event_date) as date) as event_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.thread_months
    where
        event_month >= :first_changed
        and event_month <= :last_changed
        and cast(date_trunc('month', event_month) as date) in (
            select cast(date_trunc('month', event_date) as date) as event_month
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.thread_months (
        event_month,
        repo_key,
        repo_id,
        thread_number,
        actor_key,
        comment_count,
        review_count,
        opened_at,
        first_response_at,
        merged_at,
        first_closed_at,
        author_key,
        pull_request_flag,
        bot_flag,
        author_bot_flag,
        last_closed_at,
        last_reopened_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'thread_months' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    parts as (

        select *
        from {{ database }}.gold.thread_months
        where event_month >= :first_changed
            and event_month <= last_day(:last_changed, 'year')
            and cast(date_trunc('year', event_month) as date) in (
                select cast(date_trunc('year', event_date) as date) as event_year
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        cast(date_trunc('year', event_month) as date) as event_year,

            repo_key,

            repo_id,

            thread_number,

            actor_key,

            cast(sum(comment_count) as number(38, 0)) as comment_count,

            cast(sum(review_count) as number(38, 0)) as review_count,

            min(opened_at) as opened_at,

            min(first_response_at) as first_response_at,

            min(merged_at) as merged_at,

            min(first_closed_at) as first_closed_at,

            max(author_key) as author_key,

            max(pull_request_flag) as pull_request_flag,

            max(bot_flag) as bot_flag,

            max(author_bot_flag) as author_bot_flag,

            max(last_closed_at) as last_closed_at,

            max(last_reopened_at) as last_reopened_at,

            max(last_event_at) as last_event_at

    from parts
    group by cast(date_trunc('year', event_month) as date), repo_key, repo_id, thread_number, actor_key
{%- endset %}
create transient table if not exists {{ database }}.gold.thread_years
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.thread_years to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_thread_years
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_thread_months
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'thread_years'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'thread_months'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_year),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('year', event_date) as date) as event_year
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_year),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('year', event_date) as date) as event_year
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.thread_years
    where
        event_year >= :first_changed
        and event_year <= :last_changed
        and cast(date_trunc('year', event_year) as date) in (
            select cast(date_trunc('year', event_date) as date) as event_year
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.thread_years (
        event_year,
        repo_key,
        repo_id,
        thread_number,
        actor_key,
        comment_count,
        review_count,
        opened_at,
        first_response_at,
        merged_at,
        first_closed_at,
        author_key,
        pull_request_flag,
        bot_flag,
        author_bot_flag,
        last_closed_at,
        last_reopened_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'thread_years' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    thread_years as (

        select *
        from {{ database }}.gold.thread_years
        where :change_to > :change_from

    ),

    authored as (

        select
            *,
            max(author_key) over (partition by repo_key, thread_number)
                as thread_author_key
        from thread_years

    ),

    threads as (

        select
            repo_key,
            max(repo_id) as repo_id,
            thread_number,
            max(thread_author_key) as author_key,
            max(pull_request_flag) = 1 as is_pull_request,
            max(author_bot_flag) = 1 as is_author_bot,
            cast(sum(comment_count) as number(38, 0)) as comment_count,
            cast(sum(review_count) as number(38, 0)) as review_count,
            count(distinct actor_key) as participant_count,
            min(opened_at) as opened_at,
            min(
                case
                    when bot_flag = 0 and actor_key != thread_author_key
                        then first_response_at
                end
            ) as first_response_at,
            min(merged_at) as merged_at,
            min(first_closed_at) as first_closed_at,
            max(last_closed_at) as last_closed_at,
            max(last_reopened_at) as last_reopened_at,
            max(last_event_at) as last_event_at
        from authored
        group by repo_key, thread_number

    )

    select
        -- ids
        repo_key,
        repo_id,
        thread_number,
        author_key,

        -- strings
        case
            when merged_at is not null then 'merged'
            when last_reopened_at > last_closed_at then 'open'
            when last_closed_at is not null then 'closed'
            else 'open'
        end as thread_state,

        -- numerics
        comment_count,
        review_count,
        participant_count,
        datediff('second', opened_at, first_response_at)
            as seconds_to_first_response,
        datediff('second', opened_at, merged_at) as seconds_to_merge,
        datediff('second', opened_at, first_closed_at) as seconds_to_close,

        -- booleans
        is_pull_request,
        is_author_bot,

        -- timestamps
        opened_at,
        first_response_at,
        merged_at,
        first_closed_at as closed_at,
        last_event_at
    from threads
{%- endset %}
create transient table if not exists {{ database }}.gold.threads
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.threads to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_threads
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_thread_years
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'threads'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'thread_years'
    )));
    begin transaction;
    delete from {{ database }}.gold.threads
    where
        :change_to > :change_from;
    insert into {{ database }}.gold.threads (
        repo_key,
        repo_id,
        thread_number,
        author_key,
        thread_state,
        comment_count,
        review_count,
        participant_count,
        seconds_to_first_response,
        seconds_to_merge,
        seconds_to_close,
        is_pull_request,
        is_author_bot,
        opened_at,
        first_response_at,
        merged_at,
        closed_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'threads' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.wiki_edits copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'GollumEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,

    -- strings
    era,
    actor_login,
    repo_name,
    page_name,
    page_action as activity,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.wiki_edits to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    name_years as (

        select *
        from {{ database }}.silver.name_years
        where entity = 'actor' and :change_to > :change_from

    ),

    names as (

        select
            entity_key,
            entity_id,
            name,
            cast(sum(event_count) as number(38, 0)) as event_count,
            min(first_used_at) as first_used_at,
            max(last_used_at) as last_used_at
        from name_years
        group by entity_key, entity_id, name

    ),

    current_names as (

        select
            entity_key,
            entity_id,
            name,
            cast(
                sum(event_count) over (partition by entity_key) as number(38, 0)
            ) as event_count,
            count(*) over (partition by entity_key) as name_count,
            min(first_used_at) over (partition by entity_key) as first_seen_at,
            max(last_used_at) over (partition by entity_key) as last_seen_at
        from names
        qualify
            row_number() over (
                partition by entity_key
                order by last_used_at desc, name asc
            ) = 1

    ),

    -- Whoever first bore a name with an id is taken for the one before ids
    first_bearers as (

        select
            lower(name) as lower_name,
            entity_id
        from names
        where entity_id is not null
        qualify
            row_number() over (
                partition by lower(name)
                order by first_used_at asc, entity_id asc
            ) = 1

    )

    select
        current_names.entity_key as actor_key,
        current_names.entity_id as actor_id,
        coalesce(current_names.entity_id, first_bearers.entity_id)
            as resolved_actor_id,
        case
            when current_names.entity_id is not null then 'event'
            when first_bearers.entity_id is not null then 'later_name'
            else 'unknown'
        end as id_source,
        current_names.name as actor_login,

            case
            when endswith(lower(current_names.name), '[bot]') then 'app'
            when regexp_like(lower(current_names.name), '.*[-_]bot|.*-robot') then 'name'
            when lower(current_names.name) in (
                'bors', 'bors-servo', 'codecov-commenter', 'codecov-io',
                'coveralls', 'greenkeeperio', 'homu', 'houndci', 'imgbot',
                'pep8speaks', 'rustbot', 'travis-ci', 'travisbuddy', 'web-flow'
            )
                then 'listed'
        end as bot_reason,

            case
            when endswith(lower(current_names.name), '[bot]') then 'app'
            when regexp_like(lower(current_names.name), '.*[-_]bot|.*-robot') then 'name'
            when lower(current_names.name) in (
                'bors', 'bors-servo', 'codecov-commenter', 'codecov-io',
                'coveralls', 'greenkeeperio', 'homu', 'houndci', 'imgbot',
                'pep8speaks', 'rustbot', 'travis-ci', 'travisbuddy', 'web-flow'
            )
                then 'listed'
        end is not null as is_bot,

        current_names.name_count,
        current_names.event_count,
        current_names.first_seen_at,
        current_names.last_seen_at
    from current_names
    left join first_bearers on lower(current_names.name) = first_bearers.lower_name
{%- endset %}
create transient table if not exists {{ database }}.silver.actors
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.silver.actors to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.silver_actors
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_name_years
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'actors'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'name_years'
    )));
    begin transaction;
    delete from {{ database }}.silver.actors
    where
        :change_to > :change_from;
    insert into {{ database }}.silver.actors (
        actor_key,
        actor_id,
        resolved_actor_id,
        id_source,
        actor_login,
        bot_reason,
        is_bot,
        name_count,
        event_count,
        first_seen_at,
        last_seen_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'actors' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.commit_comments copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'CommitCommentEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    comment_id,

    -- strings
    era,
    actor_login,
    repo_name,
    comment_commit_sha,
    comment_path,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.commit_comments to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.coverage copy grants as
with

coverage_hours as (

    select * from {{ database }}.gold.coverage_hours

)

select
    event_date,
    count(case when is_loaded then 1 end) as hours_loaded,
    count(case when not is_loaded and not is_missing then 1 end)
        as hours_gap,
    24 - count(case when not is_missing then 1 end) as hours_missing,
    count(case when is_suspicious then 1 end) as hours_suspicious,
    count(case when is_republished then 1 end) as hours_republished,
    count(case when is_loaded and not is_suspicious then 1 end) = 24
        as is_complete,
    cast(sum(lines_read) as number(38, 0)) as lines_read,
    cast(sum(rows_kept) as number(38, 0)) as rows_kept,
    cast(sum(rows_dropped) as number(38, 0)) as rows_dropped,
    cast(sum(rows_quarantined) as number(38, 0)) as rows_quarantined
from coverage_hours
group by event_date;

grant ownership on view {{ database }}.gold.coverage to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    events as (

        select *
        from {{ database }}.silver.events
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        event_date,

        -- ids
        actor_key,
        actor_id,
        repo_key,
        repo_id,

        -- strings
        max(actor_login) as actor_login,
        max(repo_name) as repo_name,
        -- The day first: the greatest of several days is the latest language
        max(cast(event_date as varchar) || ' ' || repo_language) as language_seen,

        -- numerics
        count(*) as event_count,
        cast(1 as number(38, 0)) as active_days,

            count(
                case when event_type = 'PushEvent' then 1 end
            ) as push_count,

            count(
                case when event_type = 'WatchEvent' then 1 end
            ) as star_count,

            count(
                case when event_type = 'ForkEvent' then 1 end
            ) as fork_count,

            count(
                case when event_type = 'CreateEvent' then 1 end
            ) as create_count,

            count(
                case when event_type = 'DeleteEvent' then 1 end
            ) as delete_count,

            count(
                case when event_type = 'IssuesEvent' then 1 end
            ) as issue_count,

            count(
                case when event_type = 'IssueCommentEvent' then 1 end
            ) as issue_comment_count,

            count(
                case when event_type = 'PullRequestEvent' then 1 end
            ) as pull_request_count,

            count(
                case when event_type = 'PullRequestReviewEvent' then 1 end
            ) as review_count,

            count(
                case when event_type = 'PullRequestReviewCommentEvent' then 1 end
            ) as review_comment_count,

            count(
                case when event_type = 'CommitCommentEvent' then 1 end
            ) as commit_comment_count,

            count(
                case when event_type = 'ReleaseEvent' then 1 end
            ) as release_count,

        count(*) - count(
            case
                when
                    event_type in (

                            'PushEvent',

                            'WatchEvent',

                            'ForkEvent',

                            'CreateEvent',

                            'DeleteEvent',

                            'IssuesEvent',

                            'IssueCommentEvent',

                            'PullRequestEvent',

                            'PullRequestReviewEvent',

                            'PullRequestReviewCommentEvent',

                            'CommitCommentEvent',

                            'ReleaseEvent'

                    )
                    then 1
            end
        ) as other_count,
        count(case when is_merged then 1 end) as merged_count,
        count(case when is_bot then 1 end) as bot_event_count,
        count(case when
    event_type in (
                'PushEvent', 'PullRequestEvent', 'PullRequestReviewEvent',
                'PullRequestReviewCommentEvent', 'IssuesEvent',
                'IssueCommentEvent', 'CommitCommentEvent'
            ) then 1 end) as contribution_count,

        -- booleans
        max(case when is_bot then 1 else 0 end) = 1 as is_bot,

        -- timestamps
        min(case when
    event_type in (
                'PushEvent', 'PullRequestEvent', 'PullRequestReviewEvent',
                'PullRequestReviewCommentEvent', 'IssuesEvent',
                'IssueCommentEvent', 'CommitCommentEvent'
            ) then created_at end)
            as first_contribution_at,
        min(created_at) as first_event_at,
        max(created_at) as last_event_at
    from events
    group by event_date, actor_key, actor_id, repo_key, repo_id
{%- endset %}
create transient table if not exists {{ database }}.gold.daily_activity
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.daily_activity to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_daily_activity
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_events
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'daily_activity'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'events'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.daily_activity
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.daily_activity (
        event_date,
        actor_key,
        actor_id,
        repo_key,
        repo_id,
        actor_login,
        repo_name,
        language_seen,
        event_count,
        active_days,
        push_count,
        star_count,
        fork_count,
        create_count,
        delete_count,
        issue_count,
        issue_comment_count,
        pull_request_count,
        review_count,
        review_comment_count,
        commit_comment_count,
        release_count,
        other_count,
        merged_count,
        bot_event_count,
        contribution_count,
        is_bot,
        first_contribution_at,
        first_event_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'daily_activity' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.silver.downloads copy grants as
with

events as (

    select *
    from {{ database }}.silver.events
    where event_type = 'DownloadEvent'

)

select
    -- ids
    event_id,
    actor_key,
    actor_id,
    repo_key,
    repo_id,
    payload_id as download_id,

    -- strings
    era,
    actor_login,
    repo_name,

    -- booleans
    is_bot,

    -- timestamps
    created_at,
    event_date
from events;

grant ownership on view {{ database }}.silver.downloads to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    events as (

        select
            *,
            cast(date_trunc('hour', created_at) as timestamp_ntz) as event_hour
        from {{ database }}.silver.events
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        event_date,
        event_hour,
        event_type,
        count(*) as event_count,
        count(distinct actor_key) as actor_count,
        count(distinct repo_key) as repo_count
    from events
    group by event_date, event_hour, event_type
{%- endset %}
create transient table if not exists {{ database }}.gold.event_hours
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.event_hours to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_event_hours
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.silver_events
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'event_hours'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'events'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.event_hours
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.event_hours (
        event_date,
        event_hour,
        event_type,
        event_count,
        actor_count,
        repo_count
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'event_hours' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.gold.event_trends copy grants as
with

event_hours as (

    select * from {{ database }}.gold.event_hours

),

coverage_hours as (

    select * from {{ database }}.gold.coverage_hours

),

event_types as (

    select distinct event_type from event_hours

),

-- Stragglers fall in hours before the first file and after the last one
hours as (

    select
        event_hour,
        event_date,
        is_loaded
    from coverage_hours
    union all
    select distinct
        event_hours.event_hour,
        event_hours.event_date,
        false as is_loaded
    from event_hours
    left join coverage_hours
        on event_hours.event_hour = coverage_hours.event_hour
    where coverage_hours.event_hour is null

)

select
    hours.event_date,
    hours.event_hour,
    event_types.event_type,
    -- No events in an hour that was loaded is none; in another it is unknown
    coalesce(event_hours.event_count, case when hours.is_loaded then 0 end)
        as event_count,
    coalesce(event_hours.actor_count, case when hours.is_loaded then 0 end)
        as actor_count,
    coalesce(event_hours.repo_count, case when hours.is_loaded then 0 end)
        as repo_count,
    hours.is_loaded as is_hour_loaded
from hours
cross join event_types
left join event_hours
    on
        hours.event_hour = event_hours.event_hour
        and event_types.event_type = event_hours.event_type;

grant ownership on view {{ database }}.gold.event_trends to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.event_trends_daily copy grants as
with

event_trends as (

    select * from {{ database }}.gold.event_trends

),

coverage as (

    select * from {{ database }}.gold.coverage

),

days as (

    select
        event_date,
        event_type,
        cast(sum(event_count) as number(38, 0)) as event_count
    from event_trends
    group by event_date, event_type

),

covered as (

    select
        days.event_date,
        days.event_type,
        days.event_count,
        coalesce(coverage.hours_loaded, 0) as hours_loaded,
        coalesce(coverage.is_complete, false) as is_day_complete
    from days
    left join coverage
        on days.event_date = coverage.event_date

),

-- Every day has a row, but for stragglers' days at the ends
with_week_before as (

    select
        *,
        lag(event_date, 7) over (
            partition by event_type order by event_date
        ) as date_before,
        lag(is_day_complete, 7) over (
            partition by event_type order by event_date
        ) as was_complete,
        lag(event_count, 7) over (
            partition by event_type order by event_date
        ) as count_before
    from covered

)

select
    event_date,
    event_type,
    event_count,
    hours_loaded,
    is_day_complete,
    case
        when
            is_day_complete
            and was_complete
            and date_before = dateadd('day', -7, event_date)
            then event_count - count_before
    end as change_on_week_before
from with_week_before;

grant ownership on view {{ database }}.gold.event_trends_daily to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.eventsmetrics copy grants as
with

daily_activity as (

    select *
    from {{ database }}.gold.daily_activity
    where
        actor_id is not null
        and repo_id is not null
        and not is_bot

)

select
    actor_id as user_id,
    repo_id,
    cast(sum(event_count) as number(38, 0)) as event_count,
    cast(sum(star_count) as number(38, 0)) as star_count,
    cast(sum(fork_count) as number(38, 0)) as fork_count,
    cast(sum(push_count) as number(38, 0)) as push_count,
    cast(sum(issue_count) as number(38, 0)) as issue_count,
    cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
    count(*) as active_days,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from daily_activity
group by actor_id, repo_id;

grant ownership on view {{ database }}.gold.eventsmetrics to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.issue_lifecycle copy grants as
with

threads as (

    select *
    from {{ database }}.gold.threads
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
from threads;

grant ownership on view {{ database }}.gold.issue_lifecycle to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    parts as (

        select *
        from {{ database }}.gold.daily_activity
        where event_date >= :first_changed
            and event_date <= last_day(:last_changed, 'month')
            and cast(date_trunc('month', event_date) as date) in (
                select cast(date_trunc('month', event_date) as date) as event_month
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        cast(date_trunc('month', event_date) as date) as event_month,

            actor_key,

            actor_id,

            repo_key,

            repo_id,

            cast(sum(event_count) as number(38, 0)) as event_count,

            cast(sum(active_days) as number(38, 0)) as active_days,

            cast(sum(push_count) as number(38, 0)) as push_count,

            cast(sum(star_count) as number(38, 0)) as star_count,

            cast(sum(fork_count) as number(38, 0)) as fork_count,

            cast(sum(create_count) as number(38, 0)) as create_count,

            cast(sum(delete_count) as number(38, 0)) as delete_count,

            cast(sum(issue_count) as number(38, 0)) as issue_count,

            cast(sum(issue_comment_count) as number(38, 0)) as issue_comment_count,

            cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,

            cast(sum(review_count) as number(38, 0)) as review_count,

            cast(sum(review_comment_count) as number(38, 0)) as review_comment_count,

            cast(sum(commit_comment_count) as number(38, 0)) as commit_comment_count,

            cast(sum(release_count) as number(38, 0)) as release_count,

            cast(sum(other_count) as number(38, 0)) as other_count,

            cast(sum(merged_count) as number(38, 0)) as merged_count,

            cast(sum(contribution_count) as number(38, 0)) as contribution_count,

            cast(sum(bot_event_count) as number(38, 0)) as bot_event_count,

            min(first_event_at) as first_event_at,

            min(first_contribution_at) as first_contribution_at,

            max(last_event_at) as last_event_at,

            max(language_seen) as language_seen

    from parts
    group by cast(date_trunc('month', event_date) as date), actor_key, actor_id, repo_key, repo_id
{%- endset %}
create transient table if not exists {{ database }}.gold.monthly_activity
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.monthly_activity to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_monthly_activity
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_daily_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'monthly_activity'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'daily_activity'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_month),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('month', event_date) as date) as event_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_month),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('month', event_date) as date) as event_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.monthly_activity
    where
        event_month >= :first_changed
        and event_month <= :last_changed
        and cast(date_trunc('month', event_month) as date) in (
            select cast(date_trunc('month', event_date) as date) as event_month
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.monthly_activity (
        event_month,
        actor_key,
        actor_id,
        repo_key,
        repo_id,
        event_count,
        active_days,
        push_count,
        star_count,
        fork_count,
        create_count,
        delete_count,
        issue_count,
        issue_comment_count,
        pull_request_count,
        review_count,
        review_comment_count,
        commit_comment_count,
        release_count,
        other_count,
        merged_count,
        contribution_count,
        bot_event_count,
        first_event_at,
        first_contribution_at,
        last_event_at,
        language_seen
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'monthly_activity' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.gold.pull_request_lifecycle copy grants as
with

threads as (

    select *
    from {{ database }}.gold.threads
    where is_pull_request

)

select
    repo_key,
    repo_id,
    thread_number as pull_request_number,
    author_key,
    thread_state as pull_request_state,
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
from threads;

grant ownership on view {{ database }}.gold.pull_request_lifecycle to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.recommendations_live copy grants as
with

live_model as (

    select * from {{ database }}.gold.live_model

),

models as (

    select * from {{ database }}.gold.models

),

recommendations as (

    select * from {{ database }}.gold.recommendations

),

actors as (

    select * from {{ database }}.silver.actors

),

repositories as (

    select * from {{ database }}.silver.repositories

)

select
    recommendations.user_id,
    recommendations.repo_id,
    actors.actor_login as user_login,
    repositories.repo_name,
    recommendations.rank as recommendation_rank,
    recommendations.score,
    models.model_id,
    models.as_of,
    models.trained_at
from live_model
inner join models on live_model.model_id = models.model_id
inner join recommendations on models.model_id = recommendations.model_id
left join actors on recommendations.user_id = actors.actor_id
left join repositories on recommendations.repo_id = repositories.repo_id;

grant ownership on view {{ database }}.gold.recommendations_live to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    daily_activity as (

        select *
        from {{ database }}.gold.daily_activity
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        event_date,

        -- ids
        repo_key,
        repo_id,

        -- numerics
        cast(sum(event_count) as number(38, 0)) as event_count,
        cast(sum(star_count) as number(38, 0)) as star_count,
        cast(sum(fork_count) as number(38, 0)) as fork_count,
        cast(sum(push_count) as number(38, 0)) as push_count,
        cast(sum(issue_count) as number(38, 0)) as issue_count,
        cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
        cast(sum(merged_count) as number(38, 0)) as merged_count,
        cast(sum(contribution_count) as number(38, 0)) as contribution_count,
        count(distinct actor_key) as actor_count,
        count(distinct case when not is_bot then actor_key end) as human_count
    from daily_activity
    group by event_date, repo_key, repo_id
{%- endset %}
create transient table if not exists {{ database }}.gold.repository_days
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.repository_days to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_repository_days
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_daily_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'repository_days'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'daily_activity'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.repository_days
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.repository_days (
        event_date,
        repo_key,
        repo_id,
        event_count,
        star_count,
        fork_count,
        push_count,
        issue_count,
        pull_request_count,
        merged_count,
        contribution_count,
        actor_count,
        human_count
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'repository_days' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.gold.response_times copy grants as
with

threads as (

    select
        *,
        cast(date_trunc('month', opened_at) as date) as opened_month
    from {{ database }}.gold.threads
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
group by opened_month, is_pull_request;

grant ownership on view {{ database }}.gold.response_times to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    dates as (

        select distinct event_date as window_end
        from {{ database }}.gold.repository_days
        where event_date > dateadd('day', -56, :first_changed)
            and event_date <= :last_changed

    ),

    window_ends as (

        select
            window_end,
            cast(dateadd('day', -7, window_end) as date) as week_before
        from dates
        where window_end >= :first_changed
            and window_end <= :last_changed
            and window_end in (
                select cast(dateadd('day', later.days, event_date) as date) as window_end
                        from {{ database }}.ledger.load_dates
                        cross join (
                            select row_number() over (order by seq4()) - 1 as days
                            from table(generator(rowcount => 56))
                        ) as later
                        where load_seq > :change_from and load_seq <= :change_to
            )

    ),

    days as (

        select *
        from {{ database }}.gold.repository_days
        where repo_key is not null and event_date > dateadd('day', -56, :first_changed)
            and event_date <= :last_changed

    ),

    -- People, not bots or stars: a week against the four weeks before it
    counted as (

        select
            window_ends.window_end,
            days.repo_key,
            days.repo_id,
            sum(
                iff(days.event_date > window_ends.week_before, days.human_count, 0)
            ) as recent_count,
            sum(
                iff(days.event_date <= window_ends.week_before, days.human_count, 0)
            ) as baseline_count
        from window_ends
        inner join days
            on
                window_ends.window_end >= days.event_date
                and dateadd('day', -35, window_ends.window_end) < days.event_date
        group by window_ends.window_end, days.repo_key, days.repo_id

    ),

    -- What its share of everybody's baseline lets expect of it this week: when the
    -- archive loses events of all repositories alike, none seems to fall or rise
    expected as (

        select
            *,
            cast(baseline_count as float)
            * sum(recent_count) over (partition by window_end)
            / nullif(sum(baseline_count) over (partition by window_end), 0)
                as expected_count
        from counted

    ),

    scored as (

        select
            *,
            round((recent_count - expected_count) / sqrt(expected_count + 1), 6)
                as trend_score
        from expected
        where expected_count is not null and recent_count >= 3

    ),

    ranked as (

        select
            *,
            row_number() over (
                partition by window_end
                order by trend_score desc, repo_key asc
            ) as trend_rank
        from scored
        where trend_score > 0

    )

    select
        window_end,
        trend_rank,
        repo_key,
        repo_id,
        cast(recent_count as number(38, 0)) as recent_count,
        cast(baseline_count as number(38, 0)) as baseline_count,
        round(expected_count, 6) as expected_count,
        trend_score
    from ranked
    where trend_rank <= 100
{%- endset %}
create transient table if not exists {{ database }}.gold.trending_repositories
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.trending_repositories to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_trending_repositories
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_repository_days
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'trending_repositories'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'repository_days'
    )));
    let first_changed date := (
        select
            coalesce(
                min(window_end),
                to_date('9999-12-31')
            )
        from (select cast(dateadd('day', later.days, event_date) as date) as window_end
        from {{ database }}.ledger.load_dates
        cross join (
            select row_number() over (order by seq4()) - 1 as days
            from table(generator(rowcount => 56))
        ) as later
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(window_end),
                to_date('0001-01-01')
            )
        from (select cast(dateadd('day', later.days, event_date) as date) as window_end
        from {{ database }}.ledger.load_dates
        cross join (
            select row_number() over (order by seq4()) - 1 as days
            from table(generator(rowcount => 56))
        ) as later
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.trending_repositories
    where
        window_end >= :first_changed
        and window_end <= :last_changed
        and window_end in (
            select cast(dateadd('day', later.days, event_date) as date) as window_end
                    from {{ database }}.ledger.load_dates
                    cross join (
                        select row_number() over (order by seq4()) - 1 as days
                        from table(generator(rowcount => 56))
                    ) as later
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.trending_repositories (
        window_end,
        trend_rank,
        repo_key,
        repo_id,
        recent_count,
        baseline_count,
        expected_count,
        trend_score
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'trending_repositories' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    parts as (

        select *
        from {{ database }}.gold.monthly_activity
        where event_month >= :first_changed
            and event_month <= last_day(:last_changed, 'year')
            and cast(date_trunc('year', event_month) as date) in (
                select cast(date_trunc('year', event_date) as date) as event_year
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        cast(date_trunc('year', event_month) as date) as event_year,

            actor_key,

            actor_id,

            repo_key,

            repo_id,

            cast(sum(event_count) as number(38, 0)) as event_count,

            cast(sum(active_days) as number(38, 0)) as active_days,

            cast(sum(push_count) as number(38, 0)) as push_count,

            cast(sum(star_count) as number(38, 0)) as star_count,

            cast(sum(fork_count) as number(38, 0)) as fork_count,

            cast(sum(create_count) as number(38, 0)) as create_count,

            cast(sum(delete_count) as number(38, 0)) as delete_count,

            cast(sum(issue_count) as number(38, 0)) as issue_count,

            cast(sum(issue_comment_count) as number(38, 0)) as issue_comment_count,

            cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,

            cast(sum(review_count) as number(38, 0)) as review_count,

            cast(sum(review_comment_count) as number(38, 0)) as review_comment_count,

            cast(sum(commit_comment_count) as number(38, 0)) as commit_comment_count,

            cast(sum(release_count) as number(38, 0)) as release_count,

            cast(sum(other_count) as number(38, 0)) as other_count,

            cast(sum(merged_count) as number(38, 0)) as merged_count,

            cast(sum(contribution_count) as number(38, 0)) as contribution_count,

            cast(sum(bot_event_count) as number(38, 0)) as bot_event_count,

            min(first_event_at) as first_event_at,

            min(first_contribution_at) as first_contribution_at,

            max(last_event_at) as last_event_at,

            max(language_seen) as language_seen

    from parts
    group by cast(date_trunc('year', event_month) as date), actor_key, actor_id, repo_key, repo_id
{%- endset %}
create transient table if not exists {{ database }}.gold.yearly_activity
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.yearly_activity to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_yearly_activity
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_monthly_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'yearly_activity'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'monthly_activity'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_year),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('year', event_date) as date) as event_year
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_year),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('year', event_date) as date) as event_year
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.yearly_activity
    where
        event_year >= :first_changed
        and event_year <= :last_changed
        and cast(date_trunc('year', event_year) as date) in (
            select cast(date_trunc('year', event_date) as date) as event_year
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.yearly_activity (
        event_year,
        actor_key,
        actor_id,
        repo_key,
        repo_id,
        event_count,
        active_days,
        push_count,
        star_count,
        fork_count,
        create_count,
        delete_count,
        issue_count,
        issue_comment_count,
        pull_request_count,
        review_count,
        review_comment_count,
        commit_comment_count,
        release_count,
        other_count,
        merged_count,
        contribution_count,
        bot_event_count,
        first_event_at,
        first_contribution_at,
        last_event_at,
        language_seen
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'yearly_activity' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    daily_activity as (

        select *
        from {{ database }}.gold.daily_activity
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )

    )

    select
        event_date,

        -- ids
        actor_key,
        actor_id,

        -- numerics
        cast(sum(event_count) as number(38, 0)) as event_count,
        cast(sum(star_count) as number(38, 0)) as star_count,
        cast(sum(push_count) as number(38, 0)) as push_count,
        cast(sum(issue_count) as number(38, 0)) as issue_count,
        cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
        cast(sum(merged_count) as number(38, 0)) as merged_count,
        cast(sum(contribution_count) as number(38, 0)) as contribution_count,
        count(distinct repo_key) as repo_count,

        -- booleans
        max(case when is_bot then 1 else 0 end) = 1 as is_bot
    from daily_activity
    group by event_date, actor_key, actor_id
{%- endset %}
create transient table if not exists {{ database }}.gold.actor_days
    cluster by (event_date)
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.actor_days to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_actor_days
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_daily_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'actor_days'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'daily_activity'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.actor_days
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.actor_days (
        event_date,
        actor_key,
        actor_id,
        event_count,
        star_count,
        push_count,
        issue_count,
        pull_request_count,
        merged_count,
        contribution_count,
        repo_count,
        is_bot
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'actor_days' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    yearly_activity as (

        select *
        from {{ database }}.gold.yearly_activity
        where actor_key is not null and :change_to > :change_from

    )

    select
        -- ids
        actor_key,
        actor_id,

        -- numerics
        cast(sum(event_count) as number(38, 0)) as event_count,
        cast(sum(star_count) as number(38, 0)) as star_count,
        cast(sum(fork_count) as number(38, 0)) as fork_count,
        cast(sum(push_count) as number(38, 0)) as push_count,
        cast(sum(issue_count) as number(38, 0)) as issue_count,
        cast(sum(issue_comment_count) as number(38, 0)) as issue_comment_count,
        cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
        cast(sum(merged_count) as number(38, 0)) as merged_count,
        cast(sum(review_count) as number(38, 0)) as review_count,
        cast(sum(contribution_count) as number(38, 0)) as contribution_count,
        count(distinct repo_key) as repo_count,

        -- timestamps
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from yearly_activity
    group by actor_key, actor_id
{%- endset %}
create transient table if not exists {{ database }}.gold.actor_profiles
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.actor_profiles to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_actor_profiles
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_yearly_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'actor_profiles'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'yearly_activity'
    )));
    begin transaction;
    delete from {{ database }}.gold.actor_profiles
    where
        :change_to > :change_from;
    insert into {{ database }}.gold.actor_profiles (
        actor_key,
        actor_id,
        event_count,
        star_count,
        fork_count,
        push_count,
        issue_count,
        issue_comment_count,
        pull_request_count,
        merged_count,
        review_count,
        contribution_count,
        repo_count,
        first_event_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'actor_profiles' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    -- From the month before the first changed one, to tell who came again
    monthly as (

        select
            event_month as contribution_month,
            repo_key,
            repo_id,
            actor_key
        from {{ database }}.gold.monthly_activity
        where
            contribution_count > 0
            and actor_key is not null
            and repo_key is not null
            and bot_event_count = 0

                and event_month >= dateadd('month', -1, :first_changed)

    ),

    active as (

        select
            contribution_month,
            repo_key,
            repo_id,
            actor_key,
            lag(contribution_month) over (
                partition by repo_key, actor_key
                order by contribution_month
            ) as last_month
        from monthly

    ),

    firsts as (

        select
            repo_key,
            actor_key,
            cast(date_trunc('month', min(first_contribution_at)) as date)
                as first_month
        from {{ database }}.gold.yearly_activity
        where contribution_count > 0
        group by repo_key, actor_key

    )

    select
        active.contribution_month,
        active.repo_key,
        active.repo_id,
        count(*) as contributor_count,
        count(case when firsts.first_month = active.contribution_month then 1 end)
            as new_count,
        count(
            case
                when
                    active.last_month
                    = dateadd('month', -1, active.contribution_month)
                    then 1
            end
        ) as retained_count,
        count(
            case
                when
                    firsts.first_month < active.contribution_month
                    and coalesce(
                        active.last_month
                        < dateadd('month', -1, active.contribution_month),
                        true
                    )
                    then 1
            end
        ) as returning_count
    from active
    inner join firsts
        on
            active.repo_key = firsts.repo_key
            and active.actor_key = firsts.actor_key
    where contribution_month >= :first_changed
    group by active.contribution_month, active.repo_key, active.repo_id
{%- endset %}
create transient table if not exists {{ database }}.gold.contributor_months
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.contributor_months to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_contributor_months
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_monthly_activity,
        {{ database }}.tasks.gold_yearly_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'contributor_months'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'monthly_activity'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'yearly_activity'
    )));
    let first_changed date := (
        select
            coalesce(
                min(contribution_month),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('month', event_date) as date) as contribution_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(contribution_month),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('month', event_date) as date) as contribution_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.contributor_months
    where
        contribution_month >= :first_changed;
    insert into {{ database }}.gold.contributor_months (
        contribution_month,
        repo_key,
        repo_id,
        contributor_count,
        new_count,
        retained_count,
        returning_count
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'contributor_months' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    active as (

        select
            event_month as contribution_month,
            actor_key
        from {{ database }}.gold.monthly_activity
        where
            contribution_count > 0
            and bot_event_count = 0
            and actor_key is not null
            and event_month >= :first_changed
        group by event_month, actor_key

    ),

    firsts as (

        select
            actor_key,
            cast(date_trunc('month', min(first_contribution_at)) as date)
                as cohort_month
        from {{ database }}.gold.yearly_activity
        where contribution_count > 0
        group by actor_key

    )

    select
        firsts.cohort_month,
        active.contribution_month,
        datediff('month', firsts.cohort_month, active.contribution_month)
            as months_since,
        count(*) as contributor_count
    from active
    inner join firsts on active.actor_key = firsts.actor_key
    group by firsts.cohort_month, active.contribution_month
{%- endset %}
create transient table if not exists {{ database }}.gold.contributor_retention
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.contributor_retention to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_contributor_retention
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_monthly_activity,
        {{ database }}.tasks.gold_yearly_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'contributor_retention'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'monthly_activity'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'yearly_activity'
    )));
    let first_changed date := (
        select
            coalesce(
                min(contribution_month),
                to_date('9999-12-31')
            )
        from (select cast(date_trunc('month', event_date) as date) as contribution_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(contribution_month),
                to_date('0001-01-01')
            )
        from (select cast(date_trunc('month', event_date) as date) as contribution_month
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.contributor_retention
    where
        contribution_month >= :first_changed;
    insert into {{ database }}.gold.contributor_retention (
        cohort_month,
        contribution_month,
        months_since,
        contributor_count
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'contributor_retention' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    -- A date that a later load touched is judged when its turn comes
    dates as (

        select event_date
        from {{ database }}.ledger.load_dates
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by event_date
        having max(load_seq) <= :change_to

    ),

    rows_of_files as (

        select
            event_date,
            count(*) as row_count,
            count(distinct event_id || ' ' || cast(created_at as varchar))
                as identity_count
        from {{ database }}.silver.event_rows
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            ) and reject_reason is null
        group by event_date

    ),

    distinct_events as (

        select
            event_date,
            count(*) as row_count
        from {{ database }}.silver.events
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by event_date

    ),

    activity as (

        select
            event_date,
            cast(sum(event_count) as number(38, 0)) as row_count
        from {{ database }}.gold.daily_activity
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by event_date

    ),

    hours as (

        select
            event_date,
            cast(sum(event_count) as number(38, 0)) as row_count
        from {{ database }}.gold.event_hours
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by event_date

    ),

    repositories as (

        select
            event_date,
            cast(sum(event_count) as number(38, 0)) as row_count
        from {{ database }}.gold.repository_days
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by event_date

    ),

    actors as (

        select
            event_date,
            cast(sum(event_count) as number(38, 0)) as row_count
        from {{ database }}.gold.actor_days
        where event_date >= :first_changed
            and event_date <= :last_changed
            and event_date in (
                select event_date
                        from {{ database }}.ledger.load_dates
                        where load_seq > :change_from and load_seq <= :change_to
            )
        group by event_date

    )

    select
        dates.event_date,
        coalesce(rows_of_files.row_count, 0) as event_rows,
        coalesce(rows_of_files.row_count - rows_of_files.identity_count, 0)
            as duplicate_rows,
        coalesce(distinct_events.row_count, 0) as events,
        coalesce(activity.row_count, 0) as daily_activity_events,
        coalesce(hours.row_count, 0) as event_hours_events,
        coalesce(repositories.row_count, 0) as repository_days_events,
        coalesce(actors.row_count, 0) as actor_days_events
    from dates
    left join rows_of_files on dates.event_date = rows_of_files.event_date
    left join distinct_events on dates.event_date = distinct_events.event_date
    left join activity on dates.event_date = activity.event_date
    left join hours on dates.event_date = hours.event_date
    left join repositories on dates.event_date = repositories.event_date
    left join actors on dates.event_date = actors.event_date
{%- endset %}
create transient table if not exists {{ database }}.gold.date_reconciliation
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.date_reconciliation to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_date_reconciliation
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_actor_days,
        {{ database }}.tasks.gold_daily_activity,
        {{ database }}.tasks.gold_event_hours,
        {{ database }}.tasks.gold_repository_days,
        {{ database }}.tasks.silver_event_rows,
        {{ database }}.tasks.silver_events
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'date_reconciliation'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'event_rows'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'events'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'daily_activity'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'event_hours'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'repository_days'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'actor_days'
    )));
    let first_changed date := (
        select
            coalesce(
                min(event_date),
                to_date('9999-12-31')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(event_date),
                to_date('0001-01-01')
            )
        from (select event_date
        from {{ database }}.ledger.load_dates
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.date_reconciliation
    where
        event_date >= :first_changed
        and event_date <= :last_changed
        and event_date in (
            select event_date
                    from {{ database }}.ledger.load_dates
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.date_reconciliation (
        event_date,
        event_rows,
        duplicate_rows,
        events,
        daily_activity_events,
        event_hours_events,
        repository_days_events,
        actor_days_events
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'date_reconciliation' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

{% set sql %}
    with

    dates as (

        select distinct event_date as window_end
        from {{ database }}.gold.repository_days
        where event_date > dateadd('day', -56, :first_changed)
            and event_date <= :last_changed

    ),

    window_ends as (

        select window_end
        from dates
        where window_end >= :first_changed
            and window_end <= :last_changed
            and window_end in (
                select cast(dateadd('day', later.days, event_date) as date) as window_end
                        from {{ database }}.ledger.load_dates
                        cross join (
                            select row_number() over (order by seq4()) - 1 as days
                            from table(generator(rowcount => 56))
                        ) as later
                        where load_seq > :change_from and load_seq <= :change_to
            )

    ),

    days as (

        select
            event_date,
            'repository' as entity,
            repo_key as entity_key,
            repo_id as entity_id,
            event_count, star_count, contribution_count
        from {{ database }}.gold.repository_days
        where repo_key is not null and event_date > dateadd('day', -56, :first_changed)
            and event_date <= :last_changed
        union all
        select
            event_date,
            'actor' as entity,
            actor_key as entity_key,
            actor_id as entity_id,
            event_count, star_count, contribution_count
        from {{ database }}.gold.actor_days
        where actor_key is not null and event_date > dateadd('day', -56, :first_changed)
            and event_date <= :last_changed

    ),

    aged as (

        select
            window_ends.window_end,
            days.*,
            datediff('day', days.event_date, window_ends.window_end) as age
        from window_ends
        inner join days
            on
                window_ends.window_end >= days.event_date
                and dateadd(
                    'day', -56, window_ends.window_end
                ) < days.event_date

    ),

    -- Each window, and the one of the same length before it
    windowed as (

            select
                window_end,
                'day' as window_name,
                entity,
                entity_key,
                entity_id,

                sum(iff(age < 1, event_count, 0)) as event_count,
                sum(iff(age >= 1, event_count, 0))
                    as previous_event_count,

                sum(iff(age < 1, star_count, 0)) as star_count,
                sum(iff(age >= 1, star_count, 0))
                    as previous_star_count,

                sum(iff(age < 1, contribution_count, 0)) as contribution_count,
                sum(iff(age >= 1, contribution_count, 0))
                    as previous_contribution_count

            from aged
            where age < 2
            group by window_end, entity, entity_key, entity_id
            union all

            select
                window_end,
                '7 days' as window_name,
                entity,
                entity_key,
                entity_id,

                sum(iff(age < 7, event_count, 0)) as event_count,
                sum(iff(age >= 7, event_count, 0))
                    as previous_event_count,

                sum(iff(age < 7, star_count, 0)) as star_count,
                sum(iff(age >= 7, star_count, 0))
                    as previous_star_count,

                sum(iff(age < 7, contribution_count, 0)) as contribution_count,
                sum(iff(age >= 7, contribution_count, 0))
                    as previous_contribution_count

            from aged
            where age < 14
            group by window_end, entity, entity_key, entity_id
            union all

            select
                window_end,
                '28 days' as window_name,
                entity,
                entity_key,
                entity_id,

                sum(iff(age < 28, event_count, 0)) as event_count,
                sum(iff(age >= 28, event_count, 0))
                    as previous_event_count,

                sum(iff(age < 28, star_count, 0)) as star_count,
                sum(iff(age >= 28, star_count, 0))
                    as previous_star_count,

                sum(iff(age < 28, contribution_count, 0)) as contribution_count,
                sum(iff(age >= 28, contribution_count, 0))
                    as previous_contribution_count

            from aged
            where age < 56
            group by window_end, entity, entity_key, entity_id

    ),

    -- By one measure each; narrow, since all are sorted and few are kept
    measured as (

            select
                window_end,
                window_name,
                entity,
                entity_key,
                'events' as ranked_by,
                event_count as measured_count,
                previous_event_count as previous_count
            from windowed
            union all

            select
                window_end,
                window_name,
                entity,
                entity_key,
                'stars' as ranked_by,
                star_count as measured_count,
                previous_star_count as previous_count
            from windowed
            union all

            select
                window_end,
                window_name,
                entity,
                entity_key,
                'contributions' as ranked_by,
                contribution_count as measured_count,
                previous_contribution_count as previous_count
            from windowed

    ),

    tops as (

        select
            *,
            row_number() over (
                partition by window_end, window_name, ranked_by, entity
                order by measured_count desc, entity_key asc
            ) as entity_rank
        from measured
        where measured_count > 0
        qualify entity_rank <= 100

    ),

    previous as (

        select
            window_end,
            window_name,
            ranked_by,
            entity,
            entity_key,
            row_number() over (
                partition by window_end, window_name, ranked_by, entity
                order by previous_count desc, entity_key asc
            ) as previous_rank
        from measured
        where previous_count > 0

    )

    select
        tops.window_end,
        tops.window_name,
        tops.ranked_by,
        tops.entity,
        tops.entity_rank,
        previous.previous_rank,
        tops.entity_key,
        windowed.entity_id,
        cast(windowed.event_count as number(38, 0)) as event_count,
        cast(windowed.star_count as number(38, 0)) as star_count,
        cast(windowed.contribution_count as number(38, 0)) as contribution_count
    from tops
    inner join windowed
        on
            tops.window_end = windowed.window_end
            and tops.window_name = windowed.window_name
            and tops.entity = windowed.entity
            and tops.entity_key = windowed.entity_key
    left join previous
        on
            tops.window_end = previous.window_end
            and tops.window_name = previous.window_name
            and tops.ranked_by = previous.ranked_by
            and tops.entity = previous.entity
            and tops.entity_key = previous.entity_key
{%- endset %}
create transient table if not exists {{ database }}.gold.rankings
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.rankings to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_rankings
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_actor_days,
        {{ database }}.tasks.gold_repository_days
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'rankings'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'repository_days'
    ), (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'actor_days'
    )));
    let first_changed date := (
        select
            coalesce(
                min(window_end),
                to_date('9999-12-31')
            )
        from (select cast(dateadd('day', later.days, event_date) as date) as window_end
        from {{ database }}.ledger.load_dates
        cross join (
            select row_number() over (order by seq4()) - 1 as days
            from table(generator(rowcount => 56))
        ) as later
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    let last_changed date := (
        select
            coalesce(
                max(window_end),
                to_date('0001-01-01')
            )
        from (select cast(dateadd('day', later.days, event_date) as date) as window_end
        from {{ database }}.ledger.load_dates
        cross join (
            select row_number() over (order by seq4()) - 1 as days
            from table(generator(rowcount => 56))
        ) as later
        where load_seq > :change_from and load_seq <= :change_to) as changed
    );
    begin transaction;
    delete from {{ database }}.gold.rankings
    where
        window_end >= :first_changed
        and window_end <= :last_changed
        and window_end in (
            select cast(dateadd('day', later.days, event_date) as date) as window_end
                    from {{ database }}.ledger.load_dates
                    cross join (
                        select row_number() over (order by seq4()) - 1 as days
                        from table(generator(rowcount => 56))
                    ) as later
                    where load_seq > :change_from and load_seq <= :change_to
        );
    insert into {{ database }}.gold.rankings (
        window_end,
        window_name,
        ranked_by,
        entity,
        entity_rank,
        previous_rank,
        entity_key,
        entity_id,
        event_count,
        star_count,
        contribution_count
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'rankings' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.gold.reconciliation copy grants as
with

files as (

    select * from {{ database }}.gold.file_reconciliation

),

dates as (

    select * from {{ database }}.gold.date_reconciliation

),

compared as (

    select
        'bronze = ledger' as check_name,
        ledger_rows as expected_rows,
        bronze_rows as actual_rows
    from files
    union all
    select
        'event_rows = bronze' as check_name,
        bronze_rows as expected_rows,
        silver_rows as actual_rows
    from files
    union all
    select
        'events = event_rows - duplicates' as check_name,
        event_rows - duplicate_rows as expected_rows,
        events as actual_rows
    from dates
    union all
    select
        'daily_activity = events' as check_name,
        events as expected_rows,
        daily_activity_events as actual_rows
    from dates
    union all
    select
        'event_hours = events' as check_name,
        events as expected_rows,
        event_hours_events as actual_rows
    from dates
    union all
    select
        'repository_days = events' as check_name,
        events as expected_rows,
        repository_days_events as actual_rows
    from dates
    union all
    select
        'actor_days = events' as check_name,
        events as expected_rows,
        actor_days_events as actual_rows
    from dates

)

select
    check_name,
    count(*) as subject_count,
    count(case when actual_rows != expected_rows then 1 end)
        as mismatch_count,
    cast(sum(expected_rows) as number(38, 0)) as expected_rows,
    cast(sum(actual_rows) as number(38, 0)) as actual_rows
from compared
group by check_name;

grant ownership on view {{ database }}.gold.reconciliation to role {{ transformer }}
copy current grants;

{% set sql %}
    with

    yearly_activity as (

        select *
        from {{ database }}.gold.yearly_activity
        where repo_key is not null and :change_to > :change_from

    )

    select
        -- ids
        repo_key,
        repo_id,

        -- strings
        substr(max(language_seen), 12) as primary_language,

        -- numerics
        cast(sum(event_count) as number(38, 0)) as event_count,
        cast(sum(star_count) as number(38, 0)) as star_count,
        cast(sum(fork_count) as number(38, 0)) as fork_count,
        cast(sum(push_count) as number(38, 0)) as push_count,
        cast(sum(issue_count) as number(38, 0)) as issue_count,
        cast(sum(issue_comment_count) as number(38, 0)) as issue_comment_count,
        cast(sum(pull_request_count) as number(38, 0)) as pull_request_count,
        cast(sum(merged_count) as number(38, 0)) as merged_count,
        cast(sum(review_count) as number(38, 0)) as review_count,
        cast(sum(release_count) as number(38, 0)) as release_count,
        cast(sum(contribution_count) as number(38, 0)) as contribution_count,
        count(distinct actor_key) as actor_count,
        count(
            distinct case
                when contribution_count > 0 and bot_event_count = 0 then actor_key
            end
        ) as contributor_count,

        -- timestamps
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from yearly_activity
    group by repo_key, repo_id
{%- endset %}
create transient table if not exists {{ database }}.gold.repository_profiles
as
{{ empty(sql, "'9999-12-31'::date") }};

grant ownership on table {{ database }}.gold.repository_profiles to role {{ transformer }}
copy current grants;

create task {{ database }}.tasks.gold_repository_profiles
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_yearly_activity
as
execute immediate
$$
begin
    let change_from number := (
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'repository_profiles'
    );
    let change_to number := (select least((
        select coalesce(max(load_seq), -1)
        from {{ database }}.ledger.model_watermarks
        where model = 'yearly_activity'
    )));
    begin transaction;
    delete from {{ database }}.gold.repository_profiles
    where
        :change_to > :change_from;
    insert into {{ database }}.gold.repository_profiles (
        repo_key,
        repo_id,
        primary_language,
        event_count,
        star_count,
        fork_count,
        push_count,
        issue_count,
        issue_comment_count,
        pull_request_count,
        merged_count,
        review_count,
        release_count,
        contribution_count,
        actor_count,
        contributor_count,
        first_event_at,
        last_event_at
    )
    {{ sql }};
    insert into {{ database }}.ledger.model_watermarks
        (model, load_seq, recorded_at)
    select
        'repository_profiles' as model,
        :change_to as load_seq,
        sysdate() as recorded_at
    where :change_to > :change_from;
    commit;
    return 'Loads up to ' || change_to;
exception
    when other then
        rollback;
        raise;
end;
$$;

create or replace view {{ database }}.gold.top_repositories copy grants as
with

rankings as (

    select *
    from {{ database }}.gold.rankings
    where entity = 'repository'

),

profiles as (

    select * from {{ database }}.gold.repository_profiles

),

days as (

    select * from {{ database }}.gold.repository_days

),

bearers as (

    select * from {{ database }}.silver.repositories

),

coverage as (

    select * from {{ database }}.gold.coverage

),

newest as (

    select max(event_date) as window_end
    from days

),

-- All time is ranked against all time as it was four weeks before
last_four_weeks as (

    select
        days.repo_key,
        sum(days.event_count) as event_count,
        sum(days.star_count) as star_count,
        sum(days.contribution_count) as contribution_count
    from days
    inner join newest
        on days.event_date > dateadd('day', -28, newest.window_end)
    group by days.repo_key

),

all_time as (

        select
            newest.window_end,
            'all' as window_name,
            'events' as ranked_by,
            row_number() over (
                order by profiles.event_count desc, profiles.repo_key asc
            ) as repo_rank,
            case
                when
                    profiles.event_count
                    > coalesce(last_four_weeks.event_count, 0)
                    then row_number() over (
                        order by
                            profiles.event_count
                            - coalesce(last_four_weeks.event_count, 0) desc,
                            profiles.repo_key asc
                    )
            end as previous_rank,
            profiles.repo_key,
            profiles.repo_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.repo_key = last_four_weeks.repo_key
        qualify repo_rank <= 100
        union all

        select
            newest.window_end,
            'all' as window_name,
            'stars' as ranked_by,
            row_number() over (
                order by profiles.star_count desc, profiles.repo_key asc
            ) as repo_rank,
            case
                when
                    profiles.star_count
                    > coalesce(last_four_weeks.star_count, 0)
                    then row_number() over (
                        order by
                            profiles.star_count
                            - coalesce(last_four_weeks.star_count, 0) desc,
                            profiles.repo_key asc
                    )
            end as previous_rank,
            profiles.repo_key,
            profiles.repo_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.repo_key = last_four_weeks.repo_key
        qualify repo_rank <= 100
        union all

        select
            newest.window_end,
            'all' as window_name,
            'contributions' as ranked_by,
            row_number() over (
                order by profiles.contribution_count desc, profiles.repo_key asc
            ) as repo_rank,
            case
                when
                    profiles.contribution_count
                    > coalesce(last_four_weeks.contribution_count, 0)
                    then row_number() over (
                        order by
                            profiles.contribution_count
                            - coalesce(last_four_weeks.contribution_count, 0) desc,
                            profiles.repo_key asc
                    )
            end as previous_rank,
            profiles.repo_key,
            profiles.repo_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.repo_key = last_four_weeks.repo_key
        qualify repo_rank <= 100

),

windows as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank as repo_rank,
        previous_rank,
        entity_key as repo_key,
        entity_id as repo_id,
        event_count,
        star_count,
        contribution_count
    from rankings
    union all
    select *
    from all_time

)

select
    windows.window_end,
    windows.window_name,
    windows.ranked_by,
    windows.repo_rank,
    windows.previous_rank,
    windows.previous_rank - windows.repo_rank as rank_change,
    windows.repo_key,
    windows.repo_id,

        bearers.repo_name,

    windows.event_count,
    windows.star_count,
    windows.contribution_count,
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join bearers
    on windows.repo_key = bearers.repo_key
left join coverage
    on windows.window_end = coverage.event_date;

grant ownership on view {{ database }}.gold.top_repositories to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.top_users copy grants as
with

rankings as (

    select *
    from {{ database }}.gold.rankings
    where entity = 'actor'

),

profiles as (

    select * from {{ database }}.gold.actor_profiles

),

days as (

    select * from {{ database }}.gold.actor_days

),

bearers as (

    select * from {{ database }}.silver.actors

),

coverage as (

    select * from {{ database }}.gold.coverage

),

newest as (

    select max(event_date) as window_end
    from days

),

-- All time is ranked against all time as it was four weeks before
last_four_weeks as (

    select
        days.actor_key,
        sum(days.event_count) as event_count,
        sum(days.star_count) as star_count,
        sum(days.contribution_count) as contribution_count
    from days
    inner join newest
        on days.event_date > dateadd('day', -28, newest.window_end)
    group by days.actor_key

),

all_time as (

        select
            newest.window_end,
            'all' as window_name,
            'events' as ranked_by,
            row_number() over (
                order by profiles.event_count desc, profiles.actor_key asc
            ) as actor_rank,
            case
                when
                    profiles.event_count
                    > coalesce(last_four_weeks.event_count, 0)
                    then row_number() over (
                        order by
                            profiles.event_count
                            - coalesce(last_four_weeks.event_count, 0) desc,
                            profiles.actor_key asc
                    )
            end as previous_rank,
            profiles.actor_key,
            profiles.actor_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.actor_key = last_four_weeks.actor_key
        qualify actor_rank <= 100
        union all

        select
            newest.window_end,
            'all' as window_name,
            'stars' as ranked_by,
            row_number() over (
                order by profiles.star_count desc, profiles.actor_key asc
            ) as actor_rank,
            case
                when
                    profiles.star_count
                    > coalesce(last_four_weeks.star_count, 0)
                    then row_number() over (
                        order by
                            profiles.star_count
                            - coalesce(last_four_weeks.star_count, 0) desc,
                            profiles.actor_key asc
                    )
            end as previous_rank,
            profiles.actor_key,
            profiles.actor_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.actor_key = last_four_weeks.actor_key
        qualify actor_rank <= 100
        union all

        select
            newest.window_end,
            'all' as window_name,
            'contributions' as ranked_by,
            row_number() over (
                order by profiles.contribution_count desc, profiles.actor_key asc
            ) as actor_rank,
            case
                when
                    profiles.contribution_count
                    > coalesce(last_four_weeks.contribution_count, 0)
                    then row_number() over (
                        order by
                            profiles.contribution_count
                            - coalesce(last_four_weeks.contribution_count, 0) desc,
                            profiles.actor_key asc
                    )
            end as previous_rank,
            profiles.actor_key,
            profiles.actor_id,
            profiles.event_count,
            profiles.star_count,
            profiles.contribution_count
        from profiles
        cross join newest
        left join last_four_weeks
            on profiles.actor_key = last_four_weeks.actor_key
        qualify actor_rank <= 100

),

windows as (

    select
        window_end,
        window_name,
        ranked_by,
        entity_rank as actor_rank,
        previous_rank,
        entity_key as actor_key,
        entity_id as actor_id,
        event_count,
        star_count,
        contribution_count
    from rankings
    union all
    select *
    from all_time

)

select
    windows.window_end,
    windows.window_name,
    windows.ranked_by,
    windows.actor_rank,
    windows.previous_rank,
    windows.previous_rank - windows.actor_rank as rank_change,
    windows.actor_key,
    windows.actor_id,

        bearers.actor_login,

        bearers.is_bot,

    windows.event_count,
    windows.star_count,
    windows.contribution_count,
    coalesce(coverage.is_complete, false) as is_last_day_complete
from windows
left join bearers
    on windows.actor_key = bearers.actor_key
left join coverage
    on windows.window_end = coverage.event_date;

grant ownership on view {{ database }}.gold.top_users to role {{ transformer }}
copy current grants;

create or replace view {{ database }}.gold.language_trends copy grants as
with

repository_days as (

    select * from {{ database }}.gold.repository_days

),

repository_profiles as (

    select * from {{ database }}.gold.repository_profiles

),

coverage as (

    select * from {{ database }}.gold.coverage

),

languages as (

    select
        repository_days.event_date,
        repository_profiles.primary_language,
        count(*) as repo_count,
        cast(sum(repository_days.event_count) as number(38, 0)) as event_count,
        cast(sum(repository_days.star_count) as number(38, 0)) as star_count,
        cast(sum(repository_days.push_count) as number(38, 0)) as push_count,
        cast(sum(repository_days.pull_request_count) as number(38, 0))
            as pull_request_count
    from repository_days
    inner join repository_profiles
        on repository_days.repo_key = repository_profiles.repo_key
    group by
        repository_days.event_date, repository_profiles.primary_language

)

select
    languages.event_date,
    coalesce(languages.primary_language, 'unknown') as primary_language,
    languages.repo_count,
    languages.event_count,
    languages.star_count,
    languages.push_count,
    languages.pull_request_count,
    coalesce(coverage.is_complete, false) as is_day_complete
from languages
left join coverage
    on languages.event_date = coverage.event_date;

grant ownership on view {{ database }}.gold.language_trends to role {{ transformer }}
copy current grants;

-- The stream is consumed once every table has all of it. Until then the graph runs again: when a task
-- has failed, and when rows of Snowpipe's aren't in the ledger yet, which is what the models follow.
create task {{ database }}.tasks.all_done
    warehouse = {{ transform_warehouse }}
    user_task_timeout_ms = {{ statement_timeout }}000
    after
        {{ database }}.tasks.gold_file_reconciliation,
        {{ database }}.tasks.silver_organisations,
        {{ database }}.tasks.silver_repositories,
        {{ database }}.tasks.gold_threads,
        {{ database }}.tasks.silver_actors,
        {{ database }}.tasks.gold_trending_repositories,
        {{ database }}.tasks.gold_actor_profiles,
        {{ database }}.tasks.gold_contributor_months,
        {{ database }}.tasks.gold_contributor_retention,
        {{ database }}.tasks.gold_date_reconciliation,
        {{ database }}.tasks.gold_rankings,
        {{ database }}.tasks.gold_repository_profiles
as
execute immediate
$$
begin
    begin transaction;
    let done number := (
        select min(load_seq)
        from (
            select max(load_seq) as load_seq
            from {{ database }}.ledger.model_watermarks
            where
                model in (
                    'file_reconciliation',
                    'organisations',
                    'repositories',
                    'threads',
                    'actors',
                    'trending_repositories',
                    'actor_profiles',
                    'contributor_months',
                    'contributor_retention',
                    'date_reconciliation',
                    'rankings',
                    'repository_profiles'
                )
            group by model
        ) as watermarks
    );
    let waiting number := (
        select count(*)
        from {{ database }}.bronze.new_rows as new_rows
        left join {{ database }}.ledger.current_loads as loads
            on new_rows.file_name = loads.file_name
        where coalesce(loads.load_seq > :done, true)
    );
    if (waiting = 0) then
        -- A statement that changes a table consumes the streams it reads, though it takes no row
        insert into {{ database }}.ledger.model_watermarks (model, load_seq, recorded_at)
        select
            file_name as model,
            0 as load_seq,
            sysdate() as recorded_at
        from {{ database }}.bronze.new_rows
        where false;
    end if;
    commit;
    return waiting || ' rows are for the next run';
exception
    when other then
        rollback;
        raise;
end;
$$;

grant select on stream {{ database }}.bronze.new_rows to role {{ transformer }};
grant select on table {{ database }}.bronze.BronzeRaw to role {{ transformer }};
grant usage on schema {{ database }}.tasks to role {{ transformer }};
grant execute task on account to role {{ transformer }};
-- Of all at once: a task that changes hands alone leaves the graph
grant ownership on all tasks in schema {{ database }}.tasks to role {{ transformer }}
copy current grants;

select
    system$task_dependents_enable('{{ database }}.tasks.new_rows') as resumed;
{% else %}
drop schema if exists {{ database }}.tasks;
drop stream if exists {{ database }}.bronze.new_rows;
{% endif %}
