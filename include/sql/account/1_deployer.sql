-- The role that deploys and owns what it makes, and what it needs of the account for that. It is no
-- administrator: it makes no user, integration or monitor, and grants nothing that isn't its own.
create role if not exists {{ deployer }};
grant role {{ deployer }} to role sysadmin;
{% for user in deployer_users %}
grant role {{ deployer }} to user {{ user }};
{% endfor %}
grant create database on account to role {{ deployer }};
grant create role on account to role {{ deployer }};
-- The owners of the tasks need these two of it
grant execute task on account to role {{ deployer }} with grant option;
grant execute managed task on account to role {{ deployer }} with grant option;
grant database role snowflake.budget_creator to role {{ deployer }};
