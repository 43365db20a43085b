"""Streams: what has changed in a table since a transaction last consumed it."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.testing import Certificates

from contract.conftest import Run
from contract.stand_in import StandIn, fetch

CHANGES = "select a, metadata$action, metadata$isupdate from s order by a, 2"
CONSUME = "insert into seen select a from s"
SKIP = "insert into seen select a from s where false"
HAS_DATA = "select system$stream_has_data('s')"


@pytest.fixture
def stream(run: Run) -> None:
    """Make a table of two rows and a stream on it."""
    run("create table t (a number, b varchar)")
    run("insert into t values (1, 'x'), (2, 'y')")
    run("create stream s on table t")
    run("create table seen (a number)")


@pytest.fixture
def append_only(run: Run, stream: None) -> None:
    run("create or replace stream s on table t append_only = true")


def inserted(*values: int) -> list[tuple[Any, ...]]:
    return [(a, "INSERT", False) for a in values]


@pytest.mark.usefixtures("stream")
def test_inserts_since_the_stream_are_shown_until_consumed(run: Run) -> None:
    assert run(HAS_DATA) == [(False,)]
    assert run(CHANGES) == []
    run("insert into t values (3, 'z')")
    run("insert into t select a + 10, b from t where a = 1")
    assert run(HAS_DATA) == [(True,)]
    assert run(CHANGES) == run(CHANGES) == inserted(3, 11), "a SELECT has consumed it"
    assert run("select x.b, t.a from s as x join t using (a) where x.a = 3") == [("z", 3)]
    assert len({row_id for (row_id,) in run("select metadata$row_id from s")}) == 2

    run(CONSUME)

    assert run("select a from seen order by a") == [(3,), (11,)]
    assert run(HAS_DATA) == [(False,)]
    assert run(CHANGES) == []
    run("insert into t values (4, 'z')")
    assert run(CHANGES) == inserted(4)


@pytest.mark.usefixtures("stream")
@pytest.mark.parametrize("kind", ["false", "true"])
def test_rows_that_were_there_are_shown_first_where_asked_for(run: Run, kind: str) -> None:
    run(f"create or replace stream s on table t append_only = {kind} show_initial_rows = true")
    run("insert into t values (3, 'z')")
    assert run(CHANGES) == inserted(1, 2, 3)
    run(CONSUME)
    run("insert into t values (4, 'z')")
    assert run(CHANGES) == inserted(4)


@pytest.mark.usefixtures("stream")
def test_columns_of_the_table_come_first(cursor: SnowflakeCursor) -> None:
    cursor.execute("select * from s")
    assert [column.name for column in cursor.description] == [
        *("A", "B", "METADATA$ACTION", "METADATA$ISUPDATE", "METADATA$ROW_ID")
    ]


@pytest.mark.usefixtures("stream")
def test_statement_that_takes_no_row_consumes_all(run: Run) -> None:
    """Snowflake's way to advance a stream without its rows."""
    run("insert into t values (3, 'z')")
    run(SKIP)
    assert run(HAS_DATA) == [(False,)]
    run("insert into t values (4, 'z')")
    run("create temporary table nothing (a number)")
    run("insert into nothing select a from s where false")
    assert run(HAS_DATA) == [(False,)]


@pytest.mark.usefixtures("stream")
@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("merge into seen using s on seen.a = s.a when not matched then insert values (s.a)", [3]),
        ("delete from seen where a in (select a from s)", []),
        ("update seen set a = 5 where a in (select a from s)", []),
    ],
)
def test_every_dml_consumes(run: Run, sql: str, left: list[int]) -> None:
    run("insert into t values (3, 'z')")
    run(sql)
    assert run("select a from seen") == [(a,) for a in left]
    assert run(HAS_DATA) == [(False,)]


@pytest.mark.usefixtures("stream")
def test_rollback_does_not_advance_and_commit_does(run: Run) -> None:
    run("insert into t values (3, 'z')")
    run("begin")
    run(CONSUME)
    run("rollback")
    assert run(CHANGES) == inserted(3)
    run("begin")
    run(CONSUME)
    run("commit")
    assert run(CHANGES) == []
    assert run("select a from seen") == [(3,)]


@pytest.mark.usefixtures("stream")
def test_failed_statement_does_not_advance(run: Run) -> None:
    run("insert into t values (3, 'z')")
    with pytest.raises(ProgrammingError):
        run("insert into seen select to_number(b) from s")
    assert run(CHANGES) == inserted(3)


@pytest.mark.usefixtures("stream")
def test_transaction_sees_one_state_throughout(
    run: Run, connect: Callable[..., SnowflakeConnection]
) -> None:
    """Two statements consume the same rows; what comes meanwhile is for the next."""
    run("insert into t values (3, 'z')")
    run("begin")
    assert run(CHANGES) == inserted(3)
    other = connect().cursor()
    other.execute("insert into t values (4, 'z')")
    run(CONSUME)
    run("insert into t values (5, 'own')")
    run(CONSUME)
    assert run(CHANGES) == inserted(3)
    run("commit")
    assert run("select a from seen") == [(3,), (3,)]
    assert run(CHANGES) == inserted(4, 5)


@pytest.mark.usefixtures("stream")
def test_second_consumer_waits_and_finds_nothing(
    run: Run, connect: Callable[..., SnowflakeConnection]
) -> None:
    run("insert into t values (3, 'z')")
    run("begin")
    run(CONSUME)
    other = connect().cursor()
    other.execute("alter session set lock_timeout = 1")
    with pytest.raises(ProgrammingError, match="LOCK_TIMEOUT"):
        other.execute(CONSUME)
    run("commit")
    other.execute(CONSUME)
    assert run("select a from seen") == [(3,)]


@pytest.mark.usefixtures("stream")
def test_standard_stream_shows_the_net_of_deletes(run: Run) -> None:
    run("insert into t values (3, 'z'), (4, 'z')")
    run("delete from t where a in (1, 3)")
    assert run(CHANGES) == [(1, "DELETE", False), (4, "INSERT", False)]
    run("insert into seen select a from s")
    assert run(CHANGES) == []
    run("delete from t using seen where t.a = seen.a")
    assert run(CHANGES) == [(4, "DELETE", False)]
    run("delete from t")
    run("insert into t values (6, 'z')")
    assert run(CHANGES) == [(2, "DELETE", False), (4, "DELETE", False), *inserted(6)]


@pytest.mark.usefixtures("append_only")
def test_append_only_stream_shows_inserts_only(run: Run) -> None:
    """Of a row that was deleted before it was consumed, the insert."""
    run("insert into t values (3, 'z'), (4, 'z')")
    run("delete from t where a in (1, 3)")
    assert run(CHANGES) == inserted(3, 4)
    run(SKIP)
    run("delete from t")
    assert run(HAS_DATA) == [(False,)]
    run("insert into t values (5, 'z')")
    assert run(CHANGES) == inserted(5)


@pytest.mark.usefixtures("stream")
def test_rolled_back_delete_changes_nothing(run: Run) -> None:
    run("begin")
    run("delete from t where a = 1")
    with pytest.raises(ProgrammingError, match="deleted from its table"):
        run(CHANGES)
    run("rollback")
    assert run(CHANGES) == []
    run("insert into t values (3, 'z')")
    assert run(CHANGES) == inserted(3)


@pytest.mark.usefixtures("stream")
def test_streams_of_a_table_are_apart(run: Run) -> None:
    run("create stream other on table t append_only = true")
    run("insert into t values (3, 'z')")
    run(CONSUME)
    assert run("select a from other") == [(3,)]


@pytest.mark.usefixtures("stream")
def test_show_describe_alter_and_drop(run: Run, cursor: SnowflakeCursor, schema: str) -> None:
    run("create stream if not exists s on table t")
    with pytest.raises(ProgrammingError, match="already exists"):
        run("create stream s on table t")
    run("create or replace stream s on table t append_only = true comment = 'new rows'")
    cursor.execute("show streams like 's'")
    names = [column.name for column in cursor.description]
    (shown,) = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    wanted = {
        "name": "S",
        "schema_name": schema,
        "owner": "ACCOUNTADMIN",
        "comment": "new rows",
        "table_name": f"GHARCHIVE.{schema}.T",
        "source_type": "Table",
        "type": "DELTA",
        "stale": "false",
        "mode": "APPEND_ONLY",
    }
    assert wanted.items() <= shown.items()
    run("alter stream s set comment = 'others'")
    described = run("describe stream s")
    assert described[0][names.index("comment")] == "others"
    run("drop stream s")
    run("drop stream if exists s")
    assert run("show streams") == []
    with pytest.raises(ProgrammingError, match="does not exist"):
        run(HAS_DATA)


@pytest.mark.usefixtures("stream")
@pytest.mark.parametrize(
    "sql",
    [
        "update t set a = 5",
        "merge into t using seen on t.a = seen.a when matched then delete",
        "insert overwrite into t values (1, 'x')",
        "truncate table t",
        "alter table t add column c number",
        "create table copied as select * from s",
        "create view shown as select * from s",
        "create stream v on view shown",
        "create stream v on table t insert_only = true",
        "create stream v on table t before (offset => -60)",
        "create task w when system$stream_has_data('s') as select 1",
    ],
)
def test_what_would_differ_is_refused(run: Run, sql: str) -> None:
    with pytest.raises(ProgrammingError, match="Unsupported feature"):
        run(sql)


@pytest.mark.usefixtures("stream")
@pytest.mark.parametrize("sql", ["drop table t", "create or replace table t (a number)"])
def test_stream_of_a_lost_table_can_not_be_read(run: Run, sql: str) -> None:
    run(sql)
    with pytest.raises(ProgrammingError, match="Base table"):
        run(CHANGES)
    run("drop stream s")


@pytest.mark.usefixtures("stream")
def test_privileges(run: Run, connect: Callable[..., SnowflakeConnection], schema: str) -> None:
    """A reader needs SELECT on both; the first stream is the table owner's to make."""
    role = f"STREAMER_{schema}"
    run(f"create role {role}")
    run(f"grant usage on database gharchive to role {role}")
    run(f"grant usage, create stream on schema {schema} to role {role}")
    run("insert into t values (3, 'z')")
    reader = connect(role=role, session_parameters={}).cursor()
    reader.execute("use secondary roles none")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        reader.execute(HAS_DATA)
    run(f"grant select on stream s to role {role}")
    assert fetch(reader, HAS_DATA) == [(True,)]
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        reader.execute("select a from s")
    run(f"grant select on table t to role {role}")
    assert fetch(reader, "select a from s") == [(3,)]
    reader.execute("create stream mine on table t")
    run("create table other (a number)")
    run(f"grant select on table other to role {role}")
    with pytest.raises(ProgrammingError):
        reader.execute("create stream first on table other")
    run(f"grant ownership on stream mine to role {role} copy current grants")
    run(f"drop role {role}")


@pytest.mark.usefixtures("stream")
def test_task_runs_when_there_is_data(run: Run) -> None:
    run(
        "create task consume schedule = '60 minutes' when system$stream_has_data('s') as"
        " insert into seen select a from s"
    )
    states = (
        "select state from table(information_schema.task_history(task_name => 'CONSUME'))"
        " where schema_name = current_schema() and completed_time is not null"
        " order by completed_time"
    )

    def executed(runs: int) -> list[tuple[Any, ...]]:
        run("execute task consume")
        deadline = time.monotonic() + 30
        while len(found := run(states)) < runs:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found

    assert executed(1) == [("SKIPPED",)]
    run("insert into t values (3, 'z')")
    assert executed(2) == [("SKIPPED",), ("SUCCEEDED",)]
    assert run("select a from seen") == [(3,)]
    assert executed(3)[2:] == [("SKIPPED",)]


def test_streams_survive_the_servers_end(tmp_path: Path, certificates: Certificates) -> None:
    server = StandIn(tmp_path / "account.duckdb", certificates)
    server.start()
    try:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("create database if not exists gharchive")
            cursor.execute("create or replace table public.t (a number)")
            cursor.execute("insert into public.t select seq4() from table(generator(rowcount=>9))")
            cursor.execute("create stream public.s on table public.t")
            cursor.execute("insert into public.t values (10), (11)")
            cursor.execute("delete from public.t where a in (0, 10)")
        server.stop(signal.SIGKILL)
        server.start()
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("use database gharchive")
            changes = "select a, metadata$action from public.s order by 1"
            assert fetch(cursor, changes) == [(0, "DELETE"), (11, "INSERT")]
            cursor.execute("create table public.seen (a number)")
            cursor.execute("insert into public.seen select a from public.s")
            assert fetch(cursor, changes) == []
    finally:
        server.stop()
