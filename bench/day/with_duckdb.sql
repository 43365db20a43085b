-- The events, typed, one for each id and time. It knows the shape of these hours alone.
create table events as
with

raw as (

    select *
    from read_json(
        $files,
        format = 'newline_delimited',
        compression = 'gzip',
        filename = 'file_name',
        maximum_object_size = 67108864,
        columns = {
            id: 'varchar',
            type: 'varchar',
            created_at: 'timestamp',
            actor: 'struct(id bigint, login varchar)',
            repo: 'struct(id bigint, name varchar)',
            org: 'struct(id bigint, login varchar)',
            payload: 'struct(
                action varchar, ref varchar, ref_type varchar, number bigint,
                push_id bigint, size bigint, distinct_size bigint, head varchar, "before" varchar,
                master_branch varchar,
                issue struct(
                    id bigint, number bigint, title varchar,
                    "user" struct(id bigint, login varchar), created_at varchar,
                    pull_request struct(url varchar)
                ),
                comment struct(id bigint, commit_id varchar, path varchar),
                pull_request struct(
                    id bigint, number bigint, title varchar,
                    "user" struct(id bigint, login varchar), created_at varchar,
                    merged_at varchar, merged boolean, draft boolean, commits bigint,
                    additions bigint, deletions bigint, changed_files bigint,
                    base struct(ref varchar, repo struct(language varchar)),
                    head struct(ref varchar)
                ),
                review struct(id bigint, state varchar),
                forkee struct(id bigint, full_name varchar, language varchar),
                release struct(id bigint, tag_name varchar, name varchar, prerelease boolean),
                member struct(id bigint, login varchar),
                pages struct(page_name varchar, action varchar)[],
                target struct(id bigint, login varchar)
            )'
        }
    )
    where type not in ('GollumEvent', 'MemberEvent', 'GistEvent', 'DownloadEvent')

),

typed as (

    select
        *,
        lower(actor.login) as login,
        coalesce(payload.number, payload.issue.number, payload.pull_request.number)
            as number,
        case
            when login.ends_with('[bot]') then 'app'
            when regexp_full_match(login, '.*[-_]bot|bot[-_].*|.*-robot') then 'name'
            when
                login in (
                    'bors', 'codecov-commenter', 'codecov-io', 'coveralls', 'dependabot-preview',
                    'greenkeeper', 'greenkeeperio', 'homu', 'houndci', 'imgbot', 'lgtm-com',
                    'mergify', 'netlify', 'now', 'openshift-merge', 'pep8speaks', 'pyup',
                    'rustbot', 'scrutinizer', 'snyk', 'sonarcloud', 'stale', 'travis-ci',
                    'travisbuddy', 'vercel', 'web-flow', 'whitesource'
                )
                then 'listed'
        end as bot_reason
    from raw
    qualify row_number() over (partition by id, created_at order by file_name) = 1

)

select
    id as event_id,
    coalesce(actor.id::varchar, 'name:' || login) as actor_key,
    actor.id as actor_id,
    coalesce(repo.id::varchar, 'name:' || lower(repo.name)) as repo_key,
    repo.id as repo_id,
    coalesce(org.id::varchar, 'name:' || lower(org.login)) as org_key,
    org.id as org_id,
    payload.push_id,
    payload.issue.id as issue_id,
    payload.comment.id as comment_id,
    payload.pull_request.id as pull_request_id,
    payload.review.id as review_id,
    payload.forkee.id as fork_repo_id,
    payload.release.id as release_id,
    payload.member.id as member_id,
    payload.target.id as target_id,
    coalesce(
        coalesce(payload.pull_request.user.id, payload.issue.user.id)::varchar,
        'name:' || lower(coalesce(payload.pull_request.user.login, payload.issue.user.login))
    ) as author_key,
    'events' as era,
    type as event_type,
    actor.login as actor_login,
    bot_reason,
    repo.name as repo_name,
    coalesce(payload.pull_request.base.repo.language, payload.forkee.language) as repo_language,
    org.login as org_login,
    payload.action,
    payload.ref,
    payload.ref_type,
    payload.head as head_sha,
    payload.before as before_sha,
    payload.master_branch as default_branch,
    coalesce(payload.pull_request.title, payload.issue.title) as title,
    payload.comment.commit_id as comment_commit_sha,
    payload.comment.path as comment_path,
    payload.pull_request.base.ref as base_ref,
    payload.pull_request.head.ref as head_ref,
    lower(payload.review.state) as review_state,
    payload.forkee.full_name as fork_repo_name,
    payload.release.tag_name as release_tag,
    payload.release.name as release_name,
    payload.member.login as member_login,
    payload.pages[1].page_name as page_name,
    payload.pages[1].action as page_action,
    payload.target.login as target_login,
    number,
    payload.size as push_size,
    payload.distinct_size,
    payload.pull_request.commits as commit_count,
    payload.pull_request.additions as added_lines,
    payload.pull_request.deletions as deleted_lines,
    payload.pull_request.changed_files,
    bot_reason is not null as is_bot,
    case
        when number is not null
            then type.starts_with('PullRequest') or payload.issue.pull_request.url is not null
    end as is_pull_request,
    case
        when type != 'PullRequestEvent' then null
        when payload.action = 'merged' then true
        when payload.action != 'closed' then false
        else payload.pull_request.merged_at is not null or payload.pull_request.merged
    end as is_merged,
    payload.pull_request.draft as is_draft,
    payload.release.prerelease as is_prerelease,
    created_at,
    created_at::date as event_date,
    coalesce(payload.pull_request.created_at, payload.issue.created_at)::timestamp
        as opened_at,
    payload.pull_request.merged_at::timestamp as merged_at,
    right(file_name, 21) as file_name
from typed;

-- What ALS reads
create table events_metrics as
select
    actor_id as user_id,
    repo_id,
    count(*) as event_count,
    count_if(event_type = 'WatchEvent') as star_count,
    count_if(event_type = 'ForkEvent') as fork_count,
    count_if(event_type = 'PushEvent') as push_count,
    count_if(event_type = 'IssuesEvent') as issue_count,
    count_if(event_type = 'PullRequestEvent') as pull_request_count,
    min(created_at) as first_event_at,
    max(created_at) as last_event_at
from events
where actor_id is not null and repo_id is not null and not is_bot
group by user_id, repo_id;

create table event_hours as
select
    event_date,
    date_trunc('hour', created_at) as event_hour,
    event_type,
    count(*) as event_count,
    count(distinct actor_key) as actor_count,
    count(distinct repo_key) as repo_count
from events
group by all;

create table top_repositories as
select
    event_date,
    repo_key,
    count(*) as event_count,
    count_if(event_type = 'WatchEvent') as star_count,
    row_number() over (partition by event_date order by event_count desc, repo_key) as repo_rank
from events
where repo_key is not null
group by event_date, repo_key
qualify repo_rank <= 100;

create table top_users as
select
    event_date,
    actor_key,
    count(*) as event_count,
    count_if(event_type = 'WatchEvent') as star_count,
    row_number() over (partition by event_date order by event_count desc, actor_key) as user_rank
from events
where actor_key is not null
group by event_date, actor_key
qualify user_rank <= 100;
