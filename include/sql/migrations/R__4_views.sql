-- What the ledger answers, and Bronze as it says. Readers may have all but Bronze's.

-- One row per file hour: its newest load.
create or replace view {{ database }}.ledger.current_loads copy grants as
select *
from {{ database }}.ledger.loads
qualify row_number() over (partition by file_name order by load_seq desc) = 1;

-- What everyone reads: one row per file and line, at the content that the ledger knows as current.
-- BronzeRaw may for a while hold a file twice (Snowpipe and the DAG) or in an older version.
create or replace view {{ database }}.bronze.events_current copy grants as
with

-- Of copies the first one loaded; counted apart, so that whole events needn't go through the counting
kept as (

    select
        raw.file_name,
        raw.content_key,
        raw.file_row_number,
        min(raw.loaded_at) as loaded_at,
        min_by(coalesce(raw.load_id, ''), raw.loaded_at) as load_id,
        any_value(loads.file_hour) as file_hour,
        any_value(loads.load_seq) as load_seq
    from {{ database }}.bronze.BronzeRaw as raw
    inner join {{ database }}.ledger.current_loads as loads
        on
            raw.file_name = loads.file_name
            and raw.content_key = loads.content_key
    group by raw.file_name, raw.content_key, raw.file_row_number

)

select
    raw.event,
    raw.file_name,
    raw.file_row_number,
    raw.content_key,
    raw.loaded_at,
    kept.file_hour,
    kept.load_seq
from {{ database }}.bronze.BronzeRaw as raw
inner join kept
    on
        raw.file_name = kept.file_name
        and raw.content_key = kept.content_key
        and raw.file_row_number = kept.file_row_number
        and raw.loaded_at = kept.loaded_at
        and coalesce(raw.load_id, '') = kept.load_id;

-- One row per hour of the archive, from its first to the newest that can be published by now.
-- status: loaded; gap (nothing to load, for good); missing (nobody has ingested and loaded it).
create or replace view {{ database }}.ledger.hours copy grants as
with

numbers as (

    select row_number() over (order by seq4()) - 1 as hours_since
    from table(generator(rowcount => 400000))

),

calendar as (

    select dateadd('hour', hours_since, to_timestamp_ntz('2011-02-12', 'YYYY-MM-DD')) as file_hour
    from numbers
    where dateadd('hour', hours_since, to_timestamp_ntz('2011-02-12', 'YYYY-MM-DD')) < dateadd('hour', -2, sysdate())

),

versions as (

    select
        file_name,
        count(*) as load_count,
        count(distinct content_sha256) as version_count,
        min(loaded_at) as first_loaded_at
    from {{ database }}.ledger.loads
    group by file_name

)

select
    calendar.file_hour,
    calendar.file_hour::date as file_date,
    loads.file_name,
    case
        when loads.file_name is null then 'missing'
        when loads.rows_kept = 0 and loads.lines_read = 0 then 'gap'
        else 'loaded'
    end as status,
    loads.verdict,
    coalesce(loads.verdict in ('suspiciously_small', 'damaged'), false) as is_suspicious,
    coalesce(versions.version_count > 1, false) as is_republished,
    coalesce(versions.load_count, 0) as load_count,
    versions.first_loaded_at,
    loads.loaded_at,
    coalesce(loads.lines_read, 0) as lines_read,
    coalesce(loads.rows_kept, 0) as rows_kept,
    coalesce(loads.rows_dropped, 0) as rows_dropped,
    coalesce(loads.rows_quarantined, 0) as rows_quarantined,
    coalesce(loads.rows_loaded, 0) as rows_loaded
from calendar
left join {{ database }}.ledger.current_loads as loads
    on calendar.file_hour = loads.file_hour
left join versions
    on loads.file_name = versions.file_name;

-- Coverage: one row per day. A date range is complete where
-- `select count_if(not is_complete) = 0 from ledger.days where file_date between … and …`.
create or replace view {{ database }}.ledger.days copy grants as
select
    file_date,
    count_if(status = 'loaded') as hours_loaded,
    count_if(status = 'gap') as hours_gap,
    24 - count_if(status != 'missing') as hours_missing,
    count_if(is_suspicious) as hours_suspicious,
    count_if(is_republished) as hours_republished,
    count_if(status != 'missing') = 24 as is_complete,
    sum(lines_read)::number(38, 0) as lines_read,
    sum(rows_kept)::number(38, 0) as rows_kept,
    sum(rows_dropped)::number(38, 0) as rows_dropped,
    sum(rows_quarantined)::number(38, 0) as rows_quarantined
from {{ database }}.ledger.hours
group by file_date;

-- One row per version of an hour that was loaded more than once, oldest first.
create or replace view {{ database }}.ledger.republished copy grants as
select
    file_hour,
    file_name,
    load_seq,
    loaded_at,
    verdict,
    source_etag,
    content_sha256,
    rows_loaded,
    row_number() over (partition by file_name order by load_seq) as version_number
from {{ database }}.ledger.loads
qualify count(distinct content_sha256) over (partition by file_name) > 1;

-- One row per loaded hour: every line of the source is kept, dropped or quarantined, and every kept
-- one is a row that readers of Bronze see. It counts Bronze: ask for some hours at a time.
create or replace view {{ database }}.ledger.reconciliation copy grants as
with

bronze as (

    select
        file_name,
        count(*) as bronze_rows
    from {{ database }}.bronze.events_current
    group by file_name

)

select
    loads.file_hour,
    loads.file_name,
    loads.lines_read,
    loads.rows_kept,
    loads.rows_dropped,
    loads.rows_quarantined,
    coalesce(bronze.bronze_rows, 0) as bronze_rows,
    loads.lines_read = loads.rows_kept + loads.rows_dropped + loads.rows_quarantined
    and loads.rows_kept = coalesce(bronze.bronze_rows, 0) as is_exact
from {{ database }}.ledger.current_loads as loads
left join bronze
    on loads.file_name = bronze.file_name;

-- One row: how far the newest loaded hour is behind the newest that can be published by now.
create or replace view {{ database }}.ledger.lag copy grants as
select
    max(file_hour) as newest_file_hour,
    max(loaded_at) as newest_loaded_at,
    datediff('hour', max(file_hour), date_trunc('hour', dateadd('hour', -2, sysdate())))
        as hours_behind
from {{ database }}.ledger.current_loads
where rows_loaded > 0;

-- One row per table of dbt's: up to which load it holds all, the newest date of these loads, and how
-- many dates have had loads since. Tables of all time wait (include/dbt/README.md).
create or replace view {{ database }}.ledger.tables copy grants as
with

watermarks as (

    select
        model,
        max(load_seq) as load_seq
    from {{ database }}.ledger.model_watermarks
    where not startswith(model, 'tasks.')
    group by model

)

select
    watermarks.model as table_name,
    watermarks.load_seq,
    max(
        iff(
            dates.load_seq <= watermarks.load_seq,
            least(dates.event_date, to_date(left(dates.file_name, 10), 'YYYY/MM/DD')),
            null
        )
    ) as newest_date,
    count(distinct iff(dates.load_seq > watermarks.load_seq, dates.event_date, null)) as dates_behind
from watermarks
cross join {{ database }}.ledger.load_dates as dates
group by watermarks.model, watermarks.load_seq;

-- One row per hour whose newest outcome record the ledger doesn't hold yet, by the load's own query.
{% set changed %}{% include 'modules/0_changed.sql' %}{% endset -%}
create or replace view {{ database }}.ledger.pending_outcomes copy grants as
with

newest as (

    select
        outcome,
        outcome as value,
        file_name,
        written_at
    from {{ database }}.ledger.outcomes
    where regexp_like(file_name, '{{ blob_name }}')
    qualify row_number() over (partition by file_name order by written_at desc) = 1

),

changed as (

    {{ changed
        | replace('table(flatten(input => $outcomes))', 'newest')
        | replace('ledger.', database ~ '.ledger.')
        | indent }}

)

select
    newest.outcome,
    newest.file_name,
    newest.written_at
from newest
inner join changed
    on newest.file_name = changed.file_name;

grant select on view {{ database }}.bronze.events_current to role {{ transformer }};
{% for role in (loader, transformer, reader) %}
grant select on all views in schema {{ database }}.ledger to role {{ role }};
{% endfor %}
