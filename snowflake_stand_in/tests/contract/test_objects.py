import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from contract.conftest import Run
from contract.stand_in import StandIn

CREATED = [
    (
        "create warehouse if not exists wh1 with warehouse_size = xsmall auto_suspend = 60",
        "warehouses",
    ),
    ("create resource monitor if not exists rm1 with credit_quota = 5", "resource monitors"),
    ("create role if not exists role1", "roles"),
    ("create user if not exists user1 password = 'hunter2' default_role = role1", "users"),
    (
        "create storage integration if not exists int1 type = external_stage enabled = true"
        " storage_provider = azure azure_tenant_id = 't' storage_allowed_locations = ('azure://a/')",
        "integrations",
    ),
    (
        "create task if not exists task1 warehouse = wh1 schedule = '60 minute' as"
        " insert into t select 1",
        "tasks",
    ),
]


@pytest.mark.parametrize(("sql", "plural"), CREATED)
def test_account_objects_are_recorded_and_shown(run: Run, sql: str, plural: str) -> None:
    run(sql)
    run(sql)
    kind = plural.rstrip("s")
    name = next(word for word in sql.split() if word.endswith("1")).upper()
    assert any(name in row for row in run(f"show {plural}"))
    # integrations are dropped by their general kind too
    if kind != "integration":
        run(f"drop {kind} {name}")
        with pytest.raises(ProgrammingError) as caught:
            run(f"drop {kind} {name}")
        assert caught.value.errno == 2003


def test_grants_and_changes(run: Run) -> None:
    for sql in (
        "create role if not exists reader",
        "create user if not exists changed",
        "create warehouse if not exists load_wh",
        "grant usage on database gharchive to role reader",
        "grant usage on warehouse load_wh to role reader",
        "grant select on all tables in schema gharchive.public to role reader",
        "grant role reader to user loader",
        "revoke role reader from user loader",
        "alter user changed set rsa_public_key = 'MIIB'",
        "alter warehouse load_wh suspend",
        "use role reader",
        "use warehouse load_wh",
        "alter session set query_tag = 'dbt'",
        "alter session unset query_tag",
    ):
        run(sql)
    assert run("select current_role(), current_warehouse()") == [("READER", "LOAD_WH")]


def test_secrets_are_neither_shown_nor_logged(run: Run, server: StandIn) -> None:
    run("create user if not exists secretive password = 'hunter3'")
    run("alter user secretive set password = 'hunter4'")
    assert "hunter" not in str(run("show users"))
    assert "hunter" not in server.log


def test_comments_on_tables_views_and_columns(run: Run, schema: str) -> None:
    run(
        "create transient table t (a number comment 'the ''a''') cluster by (a)"
        " comment = 'the table'"
    )
    run("create view v (b comment 'the b') copy grants comment = 'the view' as select 1")
    assert run("desc table t")[0][9] == "the 'a'"
    assert run("desc view v")[0][9] == "the b"
    run("comment on table t is 'it''s changed'")
    run('alter table t alter "A" comment $$new\'s$$, "A" comment $$newest$$')
    run("comment on column v.b is 'other'")
    assert run("desc table t")[0][9] == "newest"
    comments = run(
        f"select table_name, comment from information_schema.tables where table_schema = '{schema}'"
        " order by 1"
    )
    assert comments == [("T", "it's changed"), ("V", "the view")]


def test_alter_table(run: Run) -> None:
    run("create table t (a number)")
    for sql in (
        "alter table t add column b varchar, c varchar",
        "alter table t rename column b to d",
        "alter table t drop column c",
        "alter table t add column if not exists d varchar",
        "alter table t rename to u",
    ):
        run(sql)
    assert [row[0] for row in run("describe table u")] == ["A", "D"]


def test_show_objects_and_schemas_as_dbt_asks(run: Run, schema: str) -> None:
    run("create table t (a number)")
    run("create view v as select a from t")
    shown = run(f"show objects in gharchive.{schema} limit 10000")
    assert sorted((row[1], row[4]) for row in shown) == [("T", "TABLE"), ("V", "VIEW")]
    assert schema in [row[1] for row in run("show terse schemas in database gharchive limit 10000")]


COUNTING = ("show objects", "show tables")
LISTING = (
    "show terse objects",
    "show views",
    "show columns",
    "show columns in table stays",
    "describe table stays",
    "describe schema {schema}",
    "select table_name, row_count from gharchive.information_schema.tables",
    "select table_name, column_name from gharchive.information_schema.columns",
)


@pytest.mark.parametrize("asked", [*COUNTING, *LISTING])
def test_lists_are_of_one_state_while_another_session_creates_and_drops(
    connect: Callable[..., SnowflakeConnection], run: Run, schema: str, asked: str
) -> None:
    run("create table stays (a number)")
    run("insert into stays values (1), (2), (3)")
    run("delete from stays where a = 2")
    ended = threading.Event()

    def create_and_drop() -> None:
        cursor = connect().cursor()
        while not ended.is_set():
            cursor.execute("create table passes as select 1 as a")
            cursor.execute("create or replace view looks as select a from passes")
            cursor.execute("drop view looks")
            cursor.execute("drop table passes")

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(create_and_drop)
        try:
            for _ in range(30):
                found = run(asked.format(schema=schema))
                if asked in COUNTING:
                    rows = {row[1]: row[7] for row in found}
                    assert rows.pop("PASSES", 1) == 1
                    assert rows.pop("LOOKS", 0) == 0
                    assert rows == {"STAYS": 2}
        finally:
            ended.set()
        other.result()
