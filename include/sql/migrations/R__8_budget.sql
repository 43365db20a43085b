-- What Snowpipe and serverless tasks may spend, which no resource monitor counts. A budget warns and
-- doesn't stop: docs/cost.md. include/sql/budget.py sets it up, and reads what its methods answer.
-- noqa: disable=PRS
create snowflake.core.budget if not exists {{ database }}.ledger.spending ();
