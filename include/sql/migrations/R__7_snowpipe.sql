-- Loading without Airflow: new blobs by Snowpipe, the ledger by the task. Only where a storage queue
-- that Event Grid writes to is given; then the pipe loads and the task runs.
{% if queue_url %}
create notification integration if not exists {{ notification_integration }}
    enabled = true
    type = queue
    notification_provider = azure_storage_queue
    azure_storage_queue_primary_uri = '{{ queue_url }}'
    azure_tenant_id = '{{ azure_tenant_id }}';

create or replace pipe {{ database }}.bronze.gharchive_pipe
    auto_ingest = true
    integration = '{{ notification_integration | upper }}'
as
copy into {{ database }}.bronze.BronzeRaw (
    event,
    file_name,
    file_row_number,
    content_key,
    file_last_modified,
    loaded_at
)
from (
    select
        $1,
        metadata$filename,
        metadata$file_row_number,
        metadata$file_content_key,
        metadata$file_last_modified::timestamp_ntz,
        metadata$start_scan_time::timestamp_ntz
    from @{{ database }}.bronze.gharchive_stage
)
file_format = (type = json compression = gzip allow_duplicate = true);

alter pipe {{ database }}.bronze.gharchive_pipe set pipe_execution_paused = true;
grant ownership on pipe {{ database }}.bronze.gharchive_pipe to role {{ pipe }} copy current grants;
-- ALTER PIPE doesn't resume one that another role owns since it was paused
select
    system$pipe_force_resume('{{ database }}.bronze.gharchive_pipe') as resumed;
grant monitor on pipe {{ database }}.bronze.gharchive_pipe to role {{ loader }};
grant usage on integration {{ notification_integration }} to role {{ pipe }};

alter task {{ database }}.ledger.reconcile resume;
{% else %}
drop pipe if exists {{ database }}.bronze.gharchive_pipe;
alter task {{ database }}.ledger.reconcile suspend;
{% endif %}
