-- What computes, and what ends it when it costs too much: administrators alone make monitors and
-- assign warehouses to them. A monitor counts nothing else: the budget of R__8 watches Snowpipe and
-- the serverless task as well.
{%- set triggers %}
    triggers
        on 80 percent do notify
        on 100 percent do suspend
        on 110 percent do suspend_immediate
{%- endset %}
-- Its month begins once: to set the schedule again could count what is spent from zero
create resource monitor if not exists {{ resource_monitor }} with
    credit_quota = {{ credit_quota }}
    frequency = monthly
    start_timestamp = immediately
    {{- triggers }};

alter resource monitor {{ resource_monitor }} set
    credit_quota = {{ credit_quota }}
    {{- triggers }};
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

grant usage on warehouse {{ name }} to role {{ deployer }} with grant option;
{% endfor %}
