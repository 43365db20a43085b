-- The medallion's three schemas, the ledger's own, and where dbt keeps the rows that fail a test.
create schema if not exists {{ database }}.bronze;
create schema if not exists {{ database }}.ledger;
create schema if not exists {{ database }}.silver;
create schema if not exists {{ database }}.gold;
create schema if not exists {{ database }}.test_failures;
