import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from contract.conftest import Run
from contract.stand_in import StandIn, fetch

Connect = Callable[..., SnowflakeConnection]


@pytest.fixture(autouse=True)
def tables(run: Run) -> None:
    run("create table lock (n number not null)")
    run("insert into lock values (0)")
    run("create table t (a number)")


def rows(connection: SnowflakeConnection, sql: str) -> list[tuple[object, ...]]:
    return fetch(connection.cursor(), sql)


def test_failed_first_write_leaves_the_transaction_usable(connect: Connect) -> None:
    connection = connect()
    connection.cursor().execute("begin")
    with pytest.raises(ProgrammingError):
        connection.cursor().execute("insert into t select 'x'::number")
    connection.cursor().execute("insert into t values (1)")
    connection.cursor().execute("commit")
    assert fetch(connect().cursor(), "select a from t") == [(1,)]


def test_merge_of_many_rows(run: Run) -> None:
    run("insert into t values (1), (2), (3)")
    merged = run(
        "merge into t using (select column1 as b from (values (2), (3), (4))) s on t.a = s.b"
        " when matched then update set t.a = s.b + 10 when not matched then insert (a) values (s.b)"
    )
    assert merged == [(1, 2)]
    assert run("select a from t order by a") == [(1,), (4,), (12,), (13,)]


def test_rollback_undoes_every_kind_of_dml(connect: Connect) -> None:
    connection = connect()
    for sql in (
        "begin",
        "insert into t values (1), (2), (3)",
        "update t set a = a + 10 where a = 1",
        "delete from t where a = 2",
        "merge into t using (select 3 as b union all select 4) s on t.a = s.b"
        " when matched then delete when not matched then insert (a) values (s.b)",
    ):
        connection.cursor().execute(sql)
    assert rows(connection, "select a from t order by a") == [(4,), (11,)]
    connection.cursor().execute("rollback")
    assert rows(connection, "select count(*) from t") == [(0,)]


def test_autocommit_off_opens_a_transaction_at_the_first_dml(connect: Connect) -> None:
    writer, reader = connect(autocommit=False), connect()
    writer.cursor().execute("insert into t values (1)")
    assert rows(reader, "select count(*) from t") == [(0,)]
    writer.rollback()
    writer.cursor().execute("insert into t values (2)")
    writer.commit()
    assert rows(reader, "select a from t") == [(2,)]


def test_ddl_commits_what_is_open(connect: Connect) -> None:
    writer, reader = connect(), connect()
    for sql in ("begin", "insert into t values (1)", "create table u as select 1 as x", "rollback"):
        writer.cursor().execute(sql)
    assert rows(reader, "select a from t") == [(1,)]


def test_second_update_waits_and_sees_what_the_first_committed(connect: Connect) -> None:
    first, second = connect(), connect()
    first.cursor().execute("begin")
    first.cursor().execute("update lock set n = n + 1")
    second.cursor().execute("begin")
    # A read before the wait must not freeze what is seen after it
    assert rows(second, "select n from lock") == [(0,)]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second.cursor().execute, "update lock set n = n + 1")
        time.sleep(0.5)
        assert not waiting.done()
        first.cursor().execute("insert into t values (1)")
        first.cursor().execute("commit")
        waiting.result(timeout=20)
    assert rows(second, "select n, (select count(*) from t) from lock") == [(2, 1)]
    second.cursor().execute("commit")


def test_concurrent_loads_neither_fail_nor_lose_a_number(connect: Connect) -> None:
    def load(connection: SnowflakeConnection) -> None:
        for _ in range(5):
            for sql in (
                "begin",
                "update lock set n = n + 1",
                "insert into t select n from lock",
                "commit",
            ):
                connection.cursor().execute(sql)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(load, [connect() for _ in range(4)]))
    assert rows(connect(), "select count(distinct a), min(a), max(a) from t") == [(20, 1, 20)]


def test_inserts_do_not_wait(connect: Connect) -> None:
    first, second = connect(), connect()
    first.cursor().execute("begin")
    first.cursor().execute("insert into t values (1)")
    second.cursor().execute("insert into t values (2)")
    first.cursor().execute("commit")
    assert rows(second, "select a from t order by a") == [(1,), (2,)]


def test_lock_timeout_and_deadlock(connect: Connect) -> None:
    first, second = connect(), connect()
    for connection, sql in ((first, "update lock set n = 5"), (second, "delete from t")):
        connection.cursor().execute("begin")
        connection.cursor().execute(sql)
    first.cursor().execute("alter session set lock_timeout = 20")
    second.cursor().execute("alter session set lock_timeout = 1")
    with pytest.raises(ProgrammingError) as caught:
        second.cursor().execute("update lock set n = 6")
    assert caught.value.errno == 625
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(first.cursor().execute, "delete from t")
        time.sleep(0.5)
        with pytest.raises(ProgrammingError, match="Deadlock") as caught:
            second.cursor().execute("update lock set n = 6")
        second.cursor().execute("rollback")
        waiting.result(timeout=20)
    first.cursor().execute("rollback")


def test_commit_after_an_error_raises_instead_of_writing_nothing(connect: Connect) -> None:
    connection = connect()
    connection.cursor().execute("begin")
    connection.cursor().execute("insert into t values (1)")
    with pytest.raises(ProgrammingError):
        connection.cursor().execute("insert into t select 'x'::number")
    with pytest.raises(ProgrammingError, match="ROLLBACK"):
        connection.cursor().execute("select 1")
    with pytest.raises(ProgrammingError, match="cannot commit"):
        connection.cursor().execute("commit")
    connection.cursor().execute("insert into t values (2)")
    assert rows(connection, "select a from t") == [(2,)]


def test_error_before_the_first_write_leaves_the_transaction_usable(connect: Connect) -> None:
    connection = connect()
    connection.cursor().execute("begin")
    with pytest.raises(ProgrammingError):
        connection.cursor().execute("select nope from t")
    connection.cursor().execute("insert into t values (1)")
    connection.cursor().execute("commit")
    assert rows(connect(), "select a from t") == [(1,)]


def test_a_table_changed_under_the_transaction_is_refused_not_missed(connect: Connect) -> None:
    first, second = connect(), connect()
    first.cursor().execute("begin")
    first.cursor().execute("update lock set n = 1")
    second.cursor().execute("insert into t values (1)")
    with pytest.raises(ProgrammingError, match="changed by another session"):
        first.cursor().execute("delete from t")
    first.cursor().execute("rollback")


def test_failed_statement_changes_nothing(run: Run) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run(
            "merge into t using (select 1 as b union all select 1) s on t.a = s.b"
            " when not matched then insert (a) values (1 / (s.b - 1))"
        )
    assert caught.value.errno == 100051
    assert run("select count(*) from t") == [(0,)]


def test_merge_of_duplicates_is_an_error(run: Run) -> None:
    run("insert into t values (1)")
    with pytest.raises(ProgrammingError) as caught:
        run(
            "merge into t using (select 1 as b union all select 1) s on t.a = s.b"
            " when matched then update set t.a = s.b + 1"
        )
    assert caught.value.errno == 100090


CLIENT = """
import os, sys, time
from pathlib import Path
import snowflake.connector
connection = snowflake.connector.connect(
    account="local", user="x", authenticator="SNOWFLAKE_JWT",
    private_key=Path(sys.argv[3]).read_bytes(), host="127.0.0.1", port=int(sys.argv[1]),
    database="GHARCHIVE", schema=sys.argv[2])
connection.cursor().execute("begin")
connection.cursor().execute("update lock set n = 100")
print("locked", flush=True)
time.sleep(60)
"""


def test_killed_client_loses_its_locks(
    server: StandIn, schema: str, connect: Connect, tmp_path: os.PathLike[str]
) -> None:
    key = os.path.join(tmp_path, "key.der")
    with open(key, "wb") as file:
        file.write(server.private_key)
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(server.port), schema, key], stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    with client:
        assert client.stdout.readline() == b"locked\n"
        client.send_signal(signal.SIGKILL)
    other = connect()
    other.cursor().execute("alter session set lock_timeout = 30")
    other.cursor().execute("update lock set n = n + 1")
    assert rows(other, "select n from lock") == [(1,)]


def test_idle_client_keeps_its_transaction(connect: Connect) -> None:
    connection = connect()
    connection.cursor().execute("begin")
    connection.cursor().execute("insert into t values (1)")
    time.sleep(4)
    connection.cursor().execute("commit")
    assert rows(connection, "select a from t") == [(1,)]


def test_cancelled_statement_stops(connect: Connect) -> None:
    connection = connect()
    cursor = connection.cursor()
    slow = (
        "select count(*) from table(generator(rowcount => 1000000)) a, "
        "table(generator(rowcount => 1000000)) b where a.seq4 != b.seq4"
    )
    started = time.monotonic()
    with pytest.raises(ProgrammingError):
        cursor.execute(slow, timeout=2)
    assert time.monotonic() - started < 15
    assert threading.active_count() > 0
    assert rows(connection, "select 1") == [(1,)]
