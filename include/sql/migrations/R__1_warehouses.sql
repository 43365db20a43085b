-- What computes, and what ends it when it costs too much. A monitor counts warehouses alone:
-- the budget of R__8 watches Snowpipe and the serverless task as well.
create resource monitor if not exists {{ resource_monitor }} with
    credit_quota = {{ credit_quota }};

alter resource monitor {{ resource_monitor }} set
    credit_quota = {{ credit_quota }}
    frequency = monthly
    start_timestamp = immediately
    triggers
        on 80 percent do notify
        on 100 percent do suspend
        on 110 percent do suspend_immediate;
{% for name, size in warehouses.items() %}
create warehouse if not exists {{ name }}
    warehouse_size = '{{ size }}'
    auto_suspend = {{ auto_suspend }}
    auto_resume = true
    initially_suspended = true;

alter warehouse {{ name }} set
    warehouse_size = '{{ size }}'
    auto_suspend = {{ auto_suspend }}
    statement_timeout_in_seconds = {{ statement_timeout }}
    statement_queued_timeout_in_seconds = {{ statement_timeout }}
    resource_monitor = {{ resource_monitor }};
{% endfor %}
