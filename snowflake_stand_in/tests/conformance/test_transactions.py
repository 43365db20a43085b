"""Transactions and locks, with several sessions."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from contract.stand_in import fetch
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import documented
from conformance.conftest import Connect

PAGE = "sql-reference/transactions"
LOCKS = "sql-reference/transactions#resource-locking"


def run(connection: SnowflakeConnection, *statements: str) -> list[tuple[object, ...]]:
    """Run statements; return the last one's rows."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()]


@pytest.fixture
def sessions(connect: Connect) -> tuple[SnowflakeConnection, SnowflakeConnection]:
    """Open two sessions on a table with one row."""
    first, second = connect(), connect()
    run(first, "create table t as select 0 as n", "create table u (n number)")
    return first, second


Sessions = tuple[SnowflakeConnection, SnowflakeConnection]


@documented("transaction-rollback", "ROLLBACK undoes every kind of DML.", PAGE)
def test_rollback(sessions: Sessions) -> None:
    first, _ = sessions
    run(first, "begin", "insert into t values (1), (2)", "update t set n = 9 where n = 1")
    run(first, "delete from t where n = 2")
    run(
        first,
        "merge into t using (select 5 as n) as s on t.n = s.n when not matched then"
        " insert (n) values (s.n)",
        "rollback",
    )
    assert run(first, "select n from t") == [(0,)]


@documented("transaction-isolation", "Other sessions see only what is committed.", PAGE)
def test_isolation(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into t values (1)")
    assert run(second, "select count(*) from t") == [(1,)]
    run(first, "commit")
    assert run(second, "select count(*) from t") == [(2,)]


@documented("transaction-own-changes", "A transaction sees its own changes.", PAGE)
def test_own_changes(sessions: Sessions) -> None:
    first, _ = sessions
    assert run(first, "begin", "delete from t", "select count(*) from t") == [(0,)]
    run(first, "rollback")


@documented(
    "transaction-read-committed",
    "Each statement of a transaction sees what was committed before it began.",
    PAGE,
)
def test_read_committed(sessions: Sessions) -> None:
    first, second = sessions
    assert run(first, "begin", "select count(*) from t") == [(1,)]
    run(second, "insert into t values (1)")
    assert run(first, "select count(*) from t") == [(2,)]
    run(first, "commit")


@documented(
    "transaction-read-committed-after-write",
    "A statement sees new commits after the transaction's first write, too.",
    PAGE,
)
def test_read_committed_after_write(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into u values (1)")
    run(second, "insert into t values (1)")
    assert run(first, "select count(*) from t") == [(2,)]
    run(first, "commit")


@documented("transaction-ddl-commits", "DDL commits the open transaction.", PAGE)
def test_ddl_commits(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into t values (1)", "create table v (n number)", "rollback")
    assert run(second, "select count(*) from t") == [(2,)]


@documented("transaction-ctas-commits", "CREATE TABLE AS SELECT is DDL, and commits.", PAGE)
def test_ctas_commits(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into t values (1)", "create table v as select 1 as n", "rollback")
    assert run(second, "select count(*) from t") == [(2,)]


@documented("transaction-grant-commits", "GRANT is DDL, and commits.", PAGE)
def test_grant_commits(sessions: Sessions) -> None:
    first, second = sessions
    run(
        first,
        "begin",
        "insert into t values (1)",
        "grant select on table t to role sysadmin",
        "rollback",
    )
    assert run(second, "select count(*) from t") == [(2,)]


@documented(
    "transaction-second-begin",
    "BEGIN within a transaction does nothing.",
    "sql-reference/sql/begin",
)
def test_second_begin(sessions: Sessions) -> None:
    first, _ = sessions
    run(first, "begin", "insert into t values (1)", "begin", "rollback")
    assert run(first, "select count(*) from t") == [(1,)]


@documented("transaction-closed-session", "Closing a session rolls its transaction back.", PAGE)
def test_closed_session(connect: Connect, sessions: Sessions) -> None:
    closing, (_, second) = connect(), sessions
    run(closing, "begin", "insert into t values (1)")
    closing.close()
    assert run(second, "select count(*) from t") == [(1,)]


@documented(
    "transaction-autocommit-off",
    "Without autocommit the first DML opens one.",
    "sql-reference/parameters#autocommit",
)
def test_autocommit_off(connect: Connect, sessions: Sessions) -> None:
    writer, (_, second) = connect(autocommit=False), sessions
    run(writer, "insert into t values (1)")
    assert run(second, "select count(*) from t") == [(1,)]
    writer.commit()
    assert run(second, "select count(*) from t") == [(2,)]


@documented("transaction-autocommit-changed", "Changing AUTOCOMMIT commits.", PAGE)
def test_autocommit_changed(sessions: Sessions) -> None:
    first, second = sessions
    run(
        first,
        "alter session set autocommit = false",
        "insert into t values (1)",
        "alter session set autocommit = true",
    )
    assert run(second, "select count(*) from t") == [(2,)]


@documented(
    "transaction-failed-statement",
    "A statement that fails is undone alone: the transaction stays open.",
    PAGE,
)
def test_failed_statement(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into t values (1)")
    with pytest.raises(DatabaseError):
        run(first, "insert into t select 'x'::number")
    run(first, "insert into t values (2)", "commit")
    assert run(second, "select count(*) from t") == [(3,)]


@documented(
    "transaction-failed-query", "A query that fails leaves the transaction as it was.", PAGE
)
def test_failed_query(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into t values (1)")
    with pytest.raises(DatabaseError):
        run(first, "select nope from t")
    run(first, "commit")
    assert run(second, "select count(*) from t") == [(2,)]


@documented(
    "transaction-failed-first", "A first statement that fails leaves the transaction open.", PAGE
)
def test_failed_first_statement(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin")
    with pytest.raises(DatabaseError):
        run(first, "insert into t select 'x'::number")
    run(first, "insert into t values (2)", "commit")
    assert run(second, "select count(*) from t") == [(2,)]


@documented(
    "transaction-subqueries",
    "Correlated subqueries work within a transaction, too.",
    "user-guide/querying-subqueries",
)
def test_subqueries(sessions: Sessions) -> None:
    first, _ = sessions
    run(first, "begin", "insert into t values (1), (2)", "insert into u values (2)")
    run(first, "delete from t where exists (select 1 from u where u.n = t.n and t.n > 1)")
    assert run(first, "select n from t order by n") == [(0,), (1,)]
    run(first, "commit")


def waits(first: SnowflakeConnection, second: SnowflakeConnection, statement: str) -> None:
    """Check that a statement of `second` ends only when `first` commits."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run, second, statement)
        time.sleep(0.4)
        assert not waiting.done()
        run(first, "commit")
        waiting.result(timeout=20)


@documented("lock-update-waits", "An UPDATE waits for another of the same table.", LOCKS)
def test_update_waits(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "update t set n = n + 1")
    waits(first, second, "update t set n = n + 1")
    assert run(second, "select n from t") == [(2,)]


@documented("lock-delete-waits", "A DELETE waits for an UPDATE, and sees it.", LOCKS)
def test_delete_waits(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "update t set n = 7")
    waits(first, second, "delete from t where n = 7")
    assert run(second, "select count(*) from t") == [(0,)]


@documented("lock-merge-waits", "A MERGE waits for an UPDATE of the same table.", LOCKS)
def test_merge_waits(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "update t set n = 7")
    waits(
        first,
        second,
        "merge into t using (select 7 as n) as s on t.n = s.n when matched then update set n = 8",
    )
    assert run(second, "select n from t") == [(8,)]


@documented("lock-insert-does-not-wait", "An INSERT waits for nobody.", LOCKS)
def test_insert_does_not_wait(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "insert into t values (1)")
    run(second, "insert into t values (2)")
    run(first, "commit")
    assert run(second, "select count(*) from t") == [(3,)]


@documented("lock-other-table", "A lock on one table holds up no other.", LOCKS)
def test_other_table(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "update t set n = 1")
    run(second, "update u set n = 1")
    run(first, "commit")


@documented(
    "lock-timeout",
    "LOCK_TIMEOUT ends the wait with an error.",
    "sql-reference/parameters#lock-timeout",
)
def test_lock_timeout(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "update t set n = 1")
    run(second, "alter session set lock_timeout = 1")
    with pytest.raises(DatabaseError):
        run(second, "update t set n = 2")
    run(first, "commit")
    assert run(second, "select n from t") == [(1,)]


@documented(
    "lock-deadlock",
    "Of two that wait for each other, one gets an error.",
    "sql-reference/transactions#deadlocks",
)
def test_deadlock(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "begin", "update t set n = 1")
    run(second, "begin", "update u set n = 1")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run, first, "update u set n = 2")
        time.sleep(0.3)
        failed = False
        try:
            run(second, "update t set n = 2")
        except DatabaseError:
            failed = True
        run(second, "rollback")
        try:
            waiting.result(timeout=120)
        except DatabaseError:
            failed = True
    run(first, "rollback")
    assert failed


@documented("lock-serialises-counters", "Concurrent increments lose none.", LOCKS)
def test_concurrent_increments(connect: Connect, sessions: Sessions) -> None:
    def increment(connection: SnowflakeConnection) -> None:
        for _ in range(4):
            run(
                connection,
                "begin",
                "update t set n = n + 1",
                "insert into u select n from t",
                "commit",
            )

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(increment, [connect() for _ in range(3)]))
    assert run(sessions[0], "select count(distinct n), max(n) from u") == [(12, 12)]


@documented(
    "session-variables-are-its-own",
    "Variables belong to their session.",
    "sql-reference/session-variables",
)
def test_variables_belong_to_their_session(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "set low = 1")
    with pytest.raises(DatabaseError):
        run(second, "select $low")


@documented(
    "table-temporary-is-its-sessions",
    "A temporary table is its session's own.",
    "user-guide/tables-temp-transient",
)
def test_temporary_table_is_its_sessions(sessions: Sessions) -> None:
    first, second = sessions
    run(first, "create temporary table w as select 1 as n")
    with pytest.raises(DatabaseError) as caught:
        fetch(second.cursor(), "select n from w")
    assert caught.value.errno == 2003
