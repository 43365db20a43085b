-- What Snowpipe and serverless tasks may spend, which no resource monitor counts. A budget warns and
-- doesn't stop: docs/cost.md.
-- noqa: disable=PRS
create snowflake.core.budget if not exists {{ database }}.ledger.spending ();

call {{ database }}.ledger.spending!set_spending_limit({{ serverless_credits }});

call {{ database }}.ledger.spending!add_resource(
    system$reference('database', '{{ database }}', 'session', 'applybudget')
);
{% if budget_email %}
call {{ database }}.ledger.spending!set_email_notifications('{{ budget_email }}');
{% endif %}