-- What reaches into Azure without a key: the tenant's administrator consents to each.
{% if azure_tenant_id %}
create storage integration if not exists {{ storage_integration }}
    type = external_stage
    storage_provider = 'AZURE'
    enabled = true
    azure_tenant_id = '{{ azure_tenant_id }}'
    storage_allowed_locations = ('{{ urls.values() | join("', '") }}');

alter storage integration {{ storage_integration }} set
    storage_allowed_locations = ('{{ urls.values() | join("', '") }}');

grant usage on integration {{ storage_integration }}
to role {{ deployer }} with grant option;
{% endif %}
{% if queue_url %}
create notification integration if not exists {{ notification_integration }}
    enabled = true
    type = queue
    notification_provider = azure_storage_queue
    azure_storage_queue_primary_uri = '{{ queue_url }}'
    azure_tenant_id = '{{ azure_tenant_id }}';

grant usage on integration {{ notification_integration }}
to role {{ deployer }} with grant option;
{% endif %}
