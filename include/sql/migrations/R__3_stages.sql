-- Where Blob storage is, and the key to it: a storage integration, if the tenant is given, or SAS
-- tokens. A stage is altered and never replaced, so that its grants stay.
{% macro access(stage) -%}
    {% if azure_tenant_id -%}
        storage_integration = {{ storage_integration }}
    {%- else -%}
        credentials = (azure_sas_token = '{{ secrets[stage] }}')
    {%- endif %}
{%- endmacro %}
create file format if not exists {{ database }}.bronze.gharchive_json
    type = json
    compression = gzip
    allow_duplicate = true;

create stage if not exists {{ database }}.bronze.gharchive_stage
    url = '{{ urls.events }}'
    {{ access('events') }}
    file_format = (format_name = '{{ database }}.bronze.gharchive_json');

alter stage {{ database }}.bronze.gharchive_stage set
    url = '{{ urls.events }}'
    {{ access('events') }};

create stage if not exists {{ database }}.ledger.gharchive_outcomes
    url = '{{ urls.outcomes }}'
    {{ access('outcomes') }}
    file_format = (type = json);

alter stage {{ database }}.ledger.gharchive_outcomes set
    url = '{{ urls.outcomes }}'
    {{ access('outcomes') }};

create stage if not exists {{ database }}.gold.gharchive_models
    url = '{{ urls.models }}'
    {{ access('models') }}
    file_format = (type = parquet);

alter stage {{ database }}.gold.gharchive_models set
    url = '{{ urls.models }}'
    {{ access('models') }};

grant usage on file format {{ database }}.bronze.gharchive_json to role {{ loader }};
grant usage on file format {{ database }}.bronze.gharchive_json to role {{ pipe }};
grant usage on stage {{ database }}.bronze.gharchive_stage to role {{ loader }};
grant usage on stage {{ database }}.bronze.gharchive_stage to role {{ pipe }};
grant usage on stage {{ database }}.ledger.gharchive_outcomes to role {{ loader }};
grant usage on stage {{ database }}.gold.gharchive_models to role {{ trainer }};
