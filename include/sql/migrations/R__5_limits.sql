-- How long what is replaced or deleted stays: time travel, in days, paid as storage.
{% for schema in ('bronze', 'ledger', 'silver', 'gold') %}
alter schema {{ database }}.{{ schema }} set data_retention_time_in_days = {{ retention_days }};
{% endfor %}
