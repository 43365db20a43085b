-- Loading without Airflow: new blobs by Snowpipe. Only where a storage queue that Event Grid writes to
-- is given.
{% if queue_url %}
{% set copy %}{% include 'modules/6_copy.sql' %}{% endset -%}
create or replace pipe {{ database }}.bronze.gharchive_pipe
    auto_ingest = true
    integration = '{{ notification_integration | upper }}'
as
{{ copy.partition('--')[0]
    | replace("'$load_id'", 'null')
    | replace('bronze.', database ~ '.bronze.')
    | trim }};

alter pipe {{ database }}.bronze.gharchive_pipe set pipe_execution_paused = true;
grant ownership on pipe {{ database }}.bronze.gharchive_pipe to role {{ pipe }} copy current grants;
grant monitor on pipe {{ database }}.bronze.gharchive_pipe to role {{ loader }};
grant usage on integration {{ notification_integration }} to role {{ pipe }};
{% else %}
drop pipe if exists {{ database }}.bronze.gharchive_pipe;
{% endif %}
