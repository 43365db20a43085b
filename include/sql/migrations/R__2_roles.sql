-- Who may do what. Grants on stages, views, the pipe and tasks stand beside these, in R__3 to R__9.
-- Only a schema's owner grants on what others will make there, if the schema is managed.
alter schema {{ database }}.silver enable managed access;
alter schema {{ database }}.gold enable managed access;
{% for role in roles %}
create role if not exists {{ role }};
grant role {{ role }} to role {{ deployer }};
grant usage on database {{ database }} to role {{ role }};
{% endfor %}
{% for role, users in users.items() %}{% for user in users %}
grant role {{ role }} to user {{ user }};
{% endfor %}{% endfor %}

-- The loader writes Bronze and the ledger.
grant usage on warehouse {{ load_warehouse }} to role {{ loader }};
grant usage on schema {{ database }}.bronze to role {{ loader }};
grant usage on schema {{ database }}.ledger to role {{ loader }};
grant select, insert, delete on table {{ database }}.bronze.BronzeRaw to role {{ loader }};
grant select, update on table {{ database }}.ledger.load_lock to role {{ loader }};
grant select, insert on table {{ database }}.ledger.loads to role {{ loader }};
grant select, insert on table {{ database }}.ledger.load_dates to role {{ loader }};
grant select, insert on table {{ database }}.ledger.outcomes to role {{ loader }};

-- The transformer owns what dbt builds in Silver and Gold, from Bronze's view and the ledger.
grant usage on warehouse {{ transform_warehouse }} to role {{ transformer }};
grant usage on schema {{ database }}.bronze to role {{ transformer }};
grant usage on schema {{ database }}.ledger to role {{ transformer }};
grant select on table {{ database }}.ledger.loads to role {{ transformer }};
grant select on table {{ database }}.ledger.load_dates to role {{ transformer }};
grant select, insert, delete on table {{ database }}.ledger.model_watermarks to role {{ transformer }};
grant select, insert on table {{ database }}.ledger.model_progress to role {{ transformer }};
grant select, insert on table {{ database }}.ledger.completed_runs to role {{ transformer }};
grant select, insert on table {{ database }}.ledger.dbt_commands to role {{ transformer }};
{% for schema in ('silver', 'gold', 'test_failures') %}
grant usage, create table, create view on schema {{ database }}.{{ schema }}
to role {{ transformer }};
{% endfor %}
grant select on table {{ database }}.gold.models to role {{ transformer }};
grant select on table {{ database }}.gold.recommendations to role {{ transformer }};
grant select on table {{ database }}.gold.live_model to role {{ transformer }};

-- The trainer reads Gold and writes models.
grant usage on warehouse {{ train_warehouse }} to role {{ trainer }};
grant usage on schema {{ database }}.ledger to role {{ trainer }};
grant select on table {{ database }}.ledger.load_dates to role {{ trainer }};
grant select on table {{ database }}.ledger.model_watermarks to role {{ trainer }};
grant usage on schema {{ database }}.gold to role {{ trainer }};
grant select on all tables in schema {{ database }}.gold to role {{ trainer }};
grant select on all views in schema {{ database }}.gold to role {{ trainer }};
grant select on future tables in schema {{ database }}.gold to role {{ trainer }};
grant select on future views in schema {{ database }}.gold to role {{ trainer }};
grant insert, update, delete on table {{ database }}.gold.models to role {{ trainer }};
grant insert, delete on table {{ database }}.gold.recommendations to role {{ trainer }};
grant update on table {{ database }}.gold.live_model to role {{ trainer }};

-- The reader sees Silver, Gold and the ledger's views. Nothing in Bronze, where commits' e-mail
-- addresses are.
grant usage on warehouse {{ read_warehouse }} to role {{ reader }};
grant usage on schema {{ database }}.ledger to role {{ reader }};
{% for schema in ('silver', 'gold') %}
grant usage on schema {{ database }}.{{ schema }} to role {{ reader }};
grant select on all tables in schema {{ database }}.{{ schema }} to role {{ reader }};
grant select on all views in schema {{ database }}.{{ schema }} to role {{ reader }};
grant select on future tables in schema {{ database }}.{{ schema }} to role {{ reader }};
grant select on future views in schema {{ database }}.{{ schema }} to role {{ reader }};
{% endfor %}

-- The pipe appends to Bronze; Snowpipe asks for SELECT as well (CREATE PIPE, Usage notes).
grant usage on schema {{ database }}.bronze to role {{ pipe }};
grant select, insert on table {{ database }}.bronze.BronzeRaw to role {{ pipe }};
