"""What each kind of statement needs: allowed with all of it, refused without any one of it.

The lists are those of Snowflake's reference, each page's *Access control requirements*. What is in
a schema also needs a privilege on the schema and one on its database.
"""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from azure.storage.blob import ContainerClient
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.testing.azurite import Storage

from contract.stand_in import StandIn

SQL = "sql-reference/sql/"
CLASSES = "sql-reference/classes/budget/"
ACCESS = "user-guide/security-access-control-configure"
REFUSED = {2003, 2043, 3001, 3003}


class Case(NamedTuple):
    """A statement, its page of the reference, and what it needs, with semicolons between."""

    statement: str
    page: str
    needs: str


def within(statement: str, page: str, needs: str) -> Case:
    """Make the case of a statement about what is in a schema."""
    return Case(statement, page, f"{needs}; usage on database {{db}}; usage on schema {{s}}")


def creating(statement: str, page: str, needs: str) -> Case:
    """Make the case of one that creates in a schema, which is a privilege on the schema itself."""
    return Case(statement, page, f"{needs}; usage on database {{db}}")


COPY = "copy into raw (v) from (select $1 from @stg) file_format = (format_name = 'f')"
CASES = [
    within(
        "select * from t",
        SQL + "select",
        "select on table t",
    ),
    within(
        "select * from v",
        SQL + "select",
        "select on view v",
    ),
    within(
        "insert into t select 1",
        SQL + "insert",
        "insert on table t",
    ),
    within(
        "insert overwrite into t select 1",
        SQL + "insert",
        "insert on table t; delete on table t",
    ),
    within(
        "update t set a = 2 where a = 1",
        SQL + "update",
        "update on table t; select on table t",
    ),
    within(
        "delete from t where a = 1",
        SQL + "delete",
        "delete on table t; select on table t",
    ),
    within(
        "truncate table t",
        SQL + "truncate-table",
        "truncate on table t",
    ),
    within(
        "merge into t using u on t.a = u.a when matched then update set a = 1 when not "
        "matched then insert (a) values (u.a)",
        SQL + "merge",
        "select on table t; update on table t; insert on table t; select on table u",
    ),
    within(
        "copy into raw (v) from (select $1 from @stg) file_format = (format_name = 'f')",
        SQL + "copy-into-table",
        "insert on table raw; usage on stage stg; usage on file format f",
    ),
    within(
        "list @stg",
        SQL + "list",
        "usage on stage stg",
    ),
    within(
        "select * from str",
        SQL + "create-stream",
        "select on stream str; select on table w",
    ),
    creating(
        "create table n1 (a number)",
        SQL + "create-table",
        "create table on schema {s}",
    ),
    creating(
        "create table n2 as select a from t",
        SQL + "create-table",
        "create table on schema {s}; select on table t",
    ),
    creating(
        "create view n3 as select a from t",
        SQL + "create-view",
        "create view on schema {s}; select on table t",
    ),
    creating(
        "create or replace table own (a number)",
        SQL + "create-table",
        "create table on schema {s}; ownership on table own",
    ),
    within(
        "alter table own add column b number",
        SQL + "alter-table",
        "ownership on table own",
    ),
    creating(
        "alter table own rename to {s}.renamed",
        SQL + "alter-table",
        "ownership on table own; create table on schema {s}",
    ),
    within(
        "drop table renamed",
        SQL + "drop-table",
        "ownership on table renamed",
    ),
    creating(
        "create stage n4 url = 'azure://account.blob.core.windows.net/c/'"
        " storage_integration = {p}_blobs",
        SQL + "create-stage",
        "create stage on schema {s}; usage on integration {p}_blobs",
    ),
    within(
        "alter stage stg set comment = 'x'",
        SQL + "alter-stage",
        "ownership on stage stg",
    ),
    creating(
        "create file format n5 type = json",
        SQL + "create-file-format",
        "create file format on schema {s}",
    ),
    creating(
        "create stream n6 on table w append_only = true",
        SQL + "create-stream",
        "create stream on schema {s}; select on table w",
    ),
    creating(
        "create pipe n7 auto_ingest = true integration = '{p}_QUEUE' as copy into raw "
        "(v) from (select $1 from @stg) file_format = (format_name = 'f')",
        SQL + "create-pipe",
        "create pipe on schema {s}; usage on stage stg; usage on file format f; select "
        "on table raw; insert on table raw; usage on integration {p}_queue",
    ),
    within(
        "alter pipe pip set pipe_execution_paused = true",
        SQL + "alter-pipe",
        "operate on pipe pip",
    ),
    within(
        "select system$pipe_force_resume('pip')",
        "sql-reference/functions/system_pipe_force_resume",
        "operate on pipe pip",
    ),
    within(
        "select system$pipe_status('pip')",
        "sql-reference/functions/system_pipe_status",
        "monitor on pipe pip",
    ),
    creating(
        "create task n8 warehouse = {p}_wh schedule = '60 minutes' as select 1",
        SQL + "create-task",
        "create task on schema {s}; usage on warehouse {p}_wh",
    ),
    within(
        "alter task tsk suspend",
        SQL + "alter-task",
        "operate on task tsk",
    ),
    within(
        "alter task tsk resume",
        SQL + "alter-task",
        "operate on task tsk",
    ),
    within(
        "alter task tsk suspend",
        SQL + "alter-task",
        "operate on task tsk",
    ),
    within(
        "execute task tsk",
        SQL + "execute-task",
        "operate on task tsk",
    ),
    creating(
        "create or replace task own_task schedule = '60 minutes' as select 1",
        SQL + "create-task",
        "create task on schema {s}; ownership on task own_task",
    ),
    Case(
        "create schema {s}_new",
        SQL + "create-schema",
        "create schema on database {db}",
    ),
    Case(
        "alter schema {s}_own set data_retention_time_in_days = 1",
        SQL + "alter-schema",
        "ownership on schema {s}_own; usage on database {db}",
    ),
    Case(
        "alter schema {s}_own enable managed access",
        SQL + "alter-schema",
        "ownership on schema {s}_own; usage on database {db}",
    ),
    Case(
        "create database {p}_db",
        SQL + "create-database",
        "create database on account",
    ),
    Case(
        "create warehouse {p}_wh2",
        SQL + "create-warehouse",
        "create warehouse on account",
    ),
    Case(
        "use warehouse {p}_wh",
        SQL + "use-warehouse",
        "usage on warehouse {p}_wh",
    ),
    Case(
        "alter warehouse {p}_wh set auto_suspend = 61",
        SQL + "alter-warehouse",
        "modify on warehouse {p}_wh",
    ),
    Case(
        "alter warehouse {p}_wh suspend",
        SQL + "alter-warehouse",
        "operate on warehouse {p}_wh",
    ),
    Case(
        "alter resource monitor {p}_mon set credit_quota = 2",
        SQL + "alter-resource-monitor",
        "modify on resource monitor {p}_mon",
    ),
    Case(
        "create role {p}_r",
        SQL + "create-role",
        "create role on account",
    ),
    Case(
        "create user {p}_u",
        SQL + "create-user",
        "create user on account",
    ),
    Case(
        "create storage integration {p}_i type = external_stage storage_provider = azure "
        "enabled = true azure_tenant_id = 't' storage_allowed_locations = ('azure://a/')",
        SQL + "create-storage-integration",
        "create integration on account",
    ),
    within(
        "grant select on table own2 to role public",
        SQL + "grant-privilege",
        "ownership on table own2",
    ),
    Case(
        "grant role {p}_own to role {p}_other",
        SQL + "grant-role",
        "ownership on role {p}_own",
    ),
    Case(
        "grant select on future tables in schema {s} to role public",
        ACCESS,
        "manage grants on account",
    ),
    Case(
        "grant select on future tables in schema {s}_managed to role public",
        ACCESS,
        "ownership on schema {s}_managed; usage on database {db}",
    ),
    within(
        "grant ownership on table own2 to role public copy current grants",
        SQL + "grant-ownership",
        "ownership on table own2",
    ),
    creating(
        "create snowflake.core.budget bud2()",
        CLASSES + "commands/create-budget",
        "create snowflake.core.budget on schema {s}; database role snowflake.budget_creator",
    ),
    within(
        "call bud!set_spending_limit(3)",
        CLASSES + "methods/set_spending_limit",
        "snowflake.core.budget role bud!admin",
    ),
    Case(
        "call bud!add_resource(system$reference('database', '{db}', 'session', 'applybudget'))",
        CLASSES + "methods/add_resource",
        "snowflake.core.budget role bud!admin; applybudget on database {db}; usage on schema {s}",
    ),
]


@pytest.fixture(scope="module")
def admin(server: StandIn) -> Iterator[SnowflakeCursor]:
    """Log in as an administrator who may take any role."""
    with server.connect() as connection:
        yield connection.cursor()


@pytest.fixture(scope="module")
def names(admin: SnowflakeCursor, storage: Storage) -> Iterator[dict[str, str]]:
    """Make what the statements are about; return the names in them."""
    prefix = f"P{secrets.token_hex(4)}".upper()
    container: ContainerClient = storage.owner.create_container(f"c{prefix.lower()}")
    names = {"db": "GHARCHIVE", "s": f"GHARCHIVE.{prefix}_S", "p": prefix}
    stage = (
        f"url = '{storage.stage_url(container.container_name)}'"
        f" credentials = (azure_sas_token = '{storage.sas('rl')}')"
    )
    for statement in (
        "create schema {s}_own",
        "create schema {s}_managed",
        "alter schema {s}_managed enable managed access",
        "create schema {s}",
        "create warehouse {p}_wh",
        "create resource monitor {p}_mon with credit_quota = 1",
        "create role {p}_own",
        "create role {p}_other",
        "create storage integration {p}_blobs type = external_stage storage_provider = azure"
        " enabled = true azure_tenant_id = 't'"
        " storage_allowed_locations = ('azure://account.blob.core.windows.net/c/')",
        "create notification integration {p}_queue enabled = true type = queue"
        " notification_provider = azure_storage_queue"
        " azure_storage_queue_primary_uri = 'https://x.queue.core.windows.net/q'"
        " azure_tenant_id = 't'",
        *(f"create table {name} (a number)" for name in ("t", "u", "w", "own", "own2")),
        "create table raw (v variant)",
        "create view v as select a from t",
        "create file format f type = json",
        f"create stage stg {stage}",
        "create stream str on table w append_only = true",
        f"create pipe pip auto_ingest = true integration = '{{p}}_QUEUE' as {COPY}",
        *(
            f"create task {name} schedule = '60 minutes' as select 1"
            for name in ("tsk", "own_task")
        ),
        "create snowflake.core.budget bud()",
    ):
        admin.execute(statement.format(**names))
    yield names
    admin.execute(f"drop schema {names['s']}")


def given(admin: SnowflakeCursor, role: str, needs: list[str]) -> None:
    """Make a role that has some privileges."""
    admin.execute(f"create role {role}")
    for need in needs:
        rest = " copy current grants" if need.startswith("ownership") else ""
        admin.execute(f"grant {need} to role {role}{rest}")


def returned(admin: SnowflakeCursor, needs: list[str]) -> None:
    """Give the administrator back what a role was made the owner of."""
    admin.execute("use role accountadmin")
    for need in needs:
        if need.startswith("ownership"):
            admin.execute(f"grant {need} to role accountadmin copy current grants")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.statement[:40])
def test_a_statement_needs_each_of_its_privileges(
    admin: SnowflakeCursor, names: dict[str, str], case: Case
) -> None:
    needs = case.needs.format(**names).split("; ")
    statement = case.statement.format(**names)
    for missing in needs:
        role = f"{names['p']}_{secrets.token_hex(4)}"
        held = [need for need in needs if need != missing]
        given(admin, role, held)
        admin.execute(f"use role {role}")
        try:
            with pytest.raises(ProgrammingError) as refused:
                admin.execute(statement)
            assert refused.value.errno in REFUSED, (missing, refused.value)
        finally:
            returned(admin, held)
    role = f"{names['p']}_{secrets.token_hex(4)}"
    given(admin, role, needs)
    admin.execute(f"use role {role}")
    try:
        admin.execute(statement)
    finally:
        admin.execute("use role accountadmin")
        # What creates a database or a schema makes it current
        admin.execute(f"use schema {names['s']}")


def test_only_an_administrator_makes_a_monitor_or_assigns_it(
    admin: SnowflakeCursor, names: dict[str, str]
) -> None:
    """user-guide/resource-monitors: no privilege lets another role do so."""
    role = f"{names['p']}_{secrets.token_hex(4)}"
    given(admin, role, [f"modify on warehouse {names['p']}_wh", "create warehouse on account"])
    admin.execute(f"use role {role}")
    try:
        for statement in (
            "create resource monitor mine with credit_quota = 1",
            f"alter warehouse {names['p']}_wh set resource_monitor = {names['p']}_mon",
        ):
            with pytest.raises(ProgrammingError) as refused:
                admin.execute(statement)
            assert refused.value.errno in REFUSED
    finally:
        admin.execute("use role accountadmin")
