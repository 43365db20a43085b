"""Objects of the account, as a deployment makes them, and what runs by itself."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from contract.stand_in import fetch
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import documented
from conformance.conftest import Connect
from conformance.target import PREFIX, Target

SQL = "sql-reference/sql/"
SCRIPTING = "developer-guide/snowflake-scripting/"


@pytest.fixture
def prefix(shared: SnowflakeCursor, schema: str) -> Iterator[str]:
    """Give a prefix for names of the account, and drop what bears it."""
    name = f"{PREFIX}_{secrets.token_hex(4)}".upper()
    yield name
    for kind in ("warehouse", "role", "integration"):
        shared.execute(f"drop {kind} if exists {name}")


def show(cursor: SnowflakeCursor, statement: str) -> list[dict[str, Any]]:
    cursor.execute(statement)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@documented(
    "warehouse-once", "CREATE WAREHOUSE IF NOT EXISTS can be repeated.", SQL + "create-warehouse"
)
def test_warehouse(shared: SnowflakeCursor, prefix: str) -> None:
    create = (
        f"create warehouse if not exists {prefix} warehouse_size = 'XSMALL' auto_suspend = 60"
        " auto_resume = true initially_suspended = true"
    )
    shared.execute(create)
    shared.execute(create)
    shared.execute(f"alter warehouse {prefix} set statement_timeout_in_seconds = 3600")
    (found,) = show(shared, f"show warehouses like '{prefix}'")
    assert found["name"] == prefix


@documented(
    "integration-drop",
    "DROP INTEGRATION needn't say the kind.",
    SQL + "drop-integration",
)
def test_drop_integration(shared: SnowflakeCursor, prefix: str) -> None:
    shared.execute(
        f"create storage integration {prefix} type = external_stage storage_provider = 'AZURE'"
        " enabled = true azure_tenant_id = '11111111-1111-1111-1111-111111111111'"
        " storage_allowed_locations = ('azure://account.blob.core.windows.net/container/')"
    )
    shared.execute(f"drop integration {prefix}")
    assert show(shared, f"show integrations like '{prefix}'") == []


@documented("role-once", "CREATE ROLE IF NOT EXISTS can be repeated.", SQL + "create-role")
def test_role(shared: SnowflakeCursor, prefix: str) -> None:
    shared.execute(f"create role if not exists {prefix}")
    shared.execute(f"create role if not exists {prefix}")
    shared.execute(f"grant role {prefix} to role sysadmin")
    (found,) = show(shared, f"show roles like '{prefix}'")
    assert found["name"] == prefix


@documented("grant-repeated", "A GRANT can be repeated.", SQL + "grant-privilege")
def test_grant(shared: SnowflakeCursor, prefix: str, schema: str) -> None:
    shared.execute(f"create role {prefix}")
    shared.execute("create table t (n number)")
    for _ in range(2):
        shared.execute(f"grant select, insert on table t to role {prefix}")
        shared.execute(f"grant usage on schema {schema} to role {prefix}")
    granted = show(shared, f"show grants to role {prefix}")
    assert sorted(g["privilege"] for g in granted) == ["INSERT", "SELECT", "USAGE"]


@documented("grant-future", "A future grant is for tables not yet made.", SQL + "grant-privilege")
def test_future_grant(shared: SnowflakeCursor, prefix: str, schema: str) -> None:
    shared.execute(f"create role {prefix}")
    shared.execute(f"grant select on future tables in schema {schema} to role {prefix}")
    shared.execute("create table t (n number)")
    granted = show(shared, f"show grants to role {prefix}")
    assert [(g["privilege"], g["name"].split(".")[-1]) for g in granted] == [("SELECT", "T")]


@documented("revoke", "REVOKE takes a privilege back.", SQL + "revoke-privilege")
def test_revoke(shared: SnowflakeCursor, prefix: str) -> None:
    shared.execute(f"create role {prefix}")
    shared.execute("create table t (n number)")
    shared.execute(f"grant select on table t to role {prefix}")
    shared.execute(f"revoke select on table t from role {prefix}")
    assert show(shared, f"show grants to role {prefix}") == []


@pytest.fixture
def limited(
    shared: SnowflakeCursor, prefix: str, schema: str, target: Target, connect: Connect
) -> SnowflakeCursor:
    """Log in with a role that may read one table and nothing else."""
    shared.execute(f"create role {prefix}")
    shared.execute(f"grant role {prefix} to user {target.user}")
    shared.execute(f"grant usage on database {target.database} to role {prefix}")
    shared.execute(f"grant usage on schema {schema} to role {prefix}")
    shared.execute(f"grant usage on warehouse {target.warehouse} to role {prefix}")
    shared.execute("create table open_table as select 1 as n")
    shared.execute("create table closed_table as select 1 as n")
    shared.execute("create view over_closed as select n from closed_table")
    shared.execute(f"grant select on table open_table to role {prefix}")
    shared.execute(f"grant select on view over_closed to role {prefix}")
    return connect(role=prefix).cursor()


@documented(
    "role-may-select",
    "A role reads what it was granted.",
    "user-guide/security-access-control-overview",
)
def test_may_select(limited: SnowflakeCursor) -> None:
    limited.execute("use secondary roles none")
    assert fetch(limited, "select n from open_table") == [(1,)]


@documented(
    "role-may-not-select",
    "What a role wasn't granted doesn't exist for it.",
    "user-guide/security-access-control-overview",
)
def test_may_not_select(limited: SnowflakeCursor) -> None:
    limited.execute("use secondary roles none")
    with pytest.raises(DatabaseError) as caught:
        limited.execute("select n from closed_table")
    assert caught.value.errno == 2003


@documented(
    "role-may-not-write",
    "SELECT doesn't allow to write.",
    "user-guide/security-access-control-overview",
)
def test_may_not_write(limited: SnowflakeCursor) -> None:
    limited.execute("use secondary roles none")
    for statement in (
        "insert into open_table values (2)",
        "delete from open_table",
        "create table mine (n number)",
    ):
        with pytest.raises(DatabaseError) as caught:
            limited.execute(statement)
        assert caught.value.errno == 3001


@documented(
    "role-view-hides-table",
    "A view reads with its owner's rights.",
    "user-guide/views-introduction",
)
def test_view_hides_table(limited: SnowflakeCursor) -> None:
    limited.execute("use secondary roles none")
    assert fetch(limited, "select n from over_closed") == [(1,)]


@documented("role-not-granted", "A role that the user lacks can't be taken.", SQL + "use-role")
def test_role_not_granted(shared: SnowflakeCursor, schema: str) -> None:
    with pytest.raises(DatabaseError):
        shared.execute("use role nobody_has_this_role")


def block(cursor: SnowflakeCursor, text: str) -> list[tuple[Any, ...]]:
    """Run a block of Snowflake Scripting."""
    return fetch(cursor, f"execute immediate $$\n{text}\n$$")


@documented("scripting-return", "A block returns a value.", SCRIPTING + "blocks")
def test_return(shared: SnowflakeCursor, schema: str) -> None:
    assert block(shared, "begin return 1 + 1; end") in ([(2,)], [("2",)])


@documented(
    "scripting-variables", "LET declares, := assigns, and :name binds.", SCRIPTING + "variables"
)
def test_variables(shared: SnowflakeCursor, schema: str) -> None:
    block(shared, "begin let n number := 1; n := n + 1; create table t as select :n as n; end")
    assert fetch(shared, "select n from t") == [(2,)]


@documented("scripting-select-into", "SELECT … INTO fills variables.", SCRIPTING + "variables")
def test_select_into(shared: SnowflakeCursor, schema: str) -> None:
    block(
        shared,
        "declare a number; b varchar; begin select 7, 'x' into :a, :b;"
        " create table t as select :a as a, :b as b; end",
    )
    assert fetch(shared, "select a, b from t") == [(7, "x")]


@documented("scripting-if", "IF takes the first branch that holds.", SCRIPTING + "branch")
def test_if(shared: SnowflakeCursor, schema: str) -> None:
    block(
        shared,
        "begin let n number := 2; create table t (s varchar);"
        " if (n = 1) then insert into t values ('one');"
        " elseif (n = 2) then insert into t values ('two');"
        " else insert into t values ('many'); end if; end",
    )
    assert fetch(shared, "select s from t") == [("two",)]


@documented(
    "scripting-exception", "EXCEPTION catches, and RAISE passes on.", SCRIPTING + "exceptions"
)
def test_exception(shared: SnowflakeCursor, schema: str) -> None:
    shared.execute("create table t (n number)")
    with pytest.raises(DatabaseError):
        block(
            shared,
            "begin begin transaction; insert into t values (1);"
            " insert into t select 1 / 0; commit;"
            " exception when other then rollback; raise; end",
        )
    assert fetch(shared, "select count(*) from t") == [(0,)]


@documented(
    "scripting-own-exception", "A declared exception can be raised.", SCRIPTING + "exceptions"
)
def test_own_exception(shared: SnowflakeCursor, schema: str) -> None:
    with pytest.raises(DatabaseError, match="rows differ"):
        block(shared, "declare unequal exception (-20001, 'rows differ'); begin raise unequal; end")


@documented(
    "scripting-execute-immediate", "EXECUTE IMMEDIATE runs text.", SQL + "execute-immediate"
)
def test_execute_immediate(shared: SnowflakeCursor, schema: str) -> None:
    block(
        shared,
        "begin let text varchar := 'create table t as select 5 as n'; execute immediate :text; end",
    )
    assert fetch(shared, "select n from t") == [(5,)]


@documented(
    "scripting-sqlrowcount",
    "SQLROWCOUNT is the last DML's number of rows.",
    SCRIPTING + "dml-status",
)
def test_sqlrowcount(shared: SnowflakeCursor, schema: str) -> None:
    shared.execute("create table t (n number)")
    found = block(shared, "begin insert into t values (1), (2); return sqlrowcount; end")
    assert found in ([(2,)], [("2",)])


@documented("task-executes", "EXECUTE TASK runs a task's statement.", SQL + "execute-task")
def test_task(shared: SnowflakeCursor, schema: str, target: Target) -> None:
    shared.execute("create table t (n number)")
    shared.execute(
        f"create task fill warehouse = {target.warehouse} schedule = '60 minutes'"
        " as insert into t values (1)"
    )
    shared.execute("execute task fill")
    assert until(shared, "select count(*) from t", [(1,)])


@documented("task-suspended", "A new task is suspended until it is resumed.", SQL + "create-task")
def test_task_is_suspended(shared: SnowflakeCursor, schema: str, target: Target) -> None:
    shared.execute(
        f"create task nothing warehouse = {target.warehouse} schedule = '60 minutes' as select 1"
    )
    (task,) = show(shared, "show tasks like 'NOTHING' in schema")
    assert task["state"] == "suspended"
    shared.execute("alter task nothing resume")
    (task,) = show(shared, "show tasks like 'NOTHING' in schema")
    assert task["state"] == "started"


def until(cursor: SnowflakeCursor, sql: str, rows: list[tuple[Any, ...]]) -> bool:
    """Wait until a query gives these rows."""
    for _ in range(100):
        if fetch(cursor, sql) == rows:
            return True
        time.sleep(0.1)
    return False
