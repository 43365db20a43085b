"""Tasks: defined, run in the order of their graph, on schedule, with a history that stays."""

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.automation.task_schedule import next_time
from snowflake_stand_in.testing import Certificates

from contract.conftest import Run
from contract.stand_in import StandIn, fetch

WAIT_SECONDS = 30
HISTORY = (
    "select name, state, error_code, error_message"
    " from table(information_schema.task_history(task_name => '{0}'))"
    " where schema_name = current_schema()"
    " and state not in ('SCHEDULED', 'EXECUTING') order by scheduled_time"
)


def ended(run: Run, name: str, runs: int = 1) -> list[tuple[Any, ...]]:
    """Wait until a task has ended so many runs; return their history."""
    deadline = time.monotonic() + WAIT_SECONDS
    while len(rows := run(HISTORY.format(name))) < runs:
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)
    return rows


def test_executed_task_runs_its_block_once(run: Run) -> None:
    run("create table t (a number)")
    run(
        "create task fill warehouse = load_wh schedule = '60 minutes' comment = 'fills' as\n"
        "begin\n  let a := 1;\n  insert into t values (:a);\n  insert into t values (:a + 1);\nend;"
    )
    assert "scheduled to run immediately" in run("execute task fill")[0][0]
    assert ended(run, "fill") == [("FILL", "SUCCEEDED", None, None)]
    assert run("select sum(a), count(*) from t") == [(3, 2)]


def test_graph_runs_in_the_order_of_its_dependencies(run: Run) -> None:
    run("create table t (a varchar, n number identity)")
    for name, after in (("root", ""), ("left", "root"), ("right", "root"), ("last", "left, right")):
        clause = f"after {after}" if after else "schedule = '60 minutes'"
        run(
            f"create task {name} {clause} as insert into t (a) values ('{name}')".replace(
                "left", "left_"
            ).replace("right", "right_")
        )
    run("create task suspended after root as insert into t (a) values ('suspended')")
    assert run("select system$task_dependents_enable('root')") == [("true",)]
    run("alter task root suspend")
    run("alter task suspended suspend")
    run("execute task root")
    ended(run, "last")
    order = [a for (a,) in run("select a from t order by n")]
    assert order[0] == "root"
    assert set(order[1:3]) == {"left_", "right_"}
    assert order[3:] == ["last"]
    runs = run(
        "select count(distinct run_id), count(distinct root_task_id), count(*)"
        " from table(information_schema.task_history()) where schema_name = current_schema()"
    )
    assert runs == [(1, 1, 4)]


def test_successor_of_a_failed_task_does_not_run(run: Run) -> None:
    run("create table t (a number)")
    run(
        "create task root as declare bad exception (-20007, 'no'); begin"
        " insert into t values (1); raise bad; end"
    )
    run("create task child after root as insert into t values (2)")
    run("alter task child resume")
    run("execute task root")
    ((_, state, code, message),) = ended(run, "root")
    assert (state, code) == ("FAILED", "-20007")
    assert "Uncaught exception of type 'BAD'" in message
    assert run("select a from t") == [(1,)]
    assert run(HISTORY.format("child")) == []


def test_task_whose_condition_is_false_is_skipped(run: Run) -> None:
    run("create table t (a number)")
    run("create task maybe when 1 = 2 as insert into t values (1)")
    run("execute task maybe")
    assert ended(run, "maybe")[0][1] == "SKIPPED"
    assert run("select count(*) from t") == [(0,)]


def test_task_that_takes_too_long_fails(run: Run) -> None:
    run(
        "create task slow user_task_timeout_ms = 500 as"
        " begin let n := 0; loop n := n + 1; end loop; end"
    )
    run("execute task slow")
    ((_, state, code, message),) = ended(run, "slow")
    assert (state, code) == ("FAILED", "000630")
    assert "timeout of 0.5" in message


def test_task_is_suspended_after_failures_in_a_row(run: Run) -> None:
    run(
        "create task failing schedule = '60 minutes' suspend_task_after_num_failures = 2"
        " as select * from nosuch"
    )
    run("alter task failing resume")
    for runs in (1, 2):
        run("execute task failing")
        ended(run, "failing", runs)
    deadline = time.monotonic() + WAIT_SECONDS
    while (shown := state_of(run, "failing")) != ("suspended", "SUSPENDED_DUE_TO_ERRORS"):
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)


def state_of(run: Run, name: str) -> tuple[str, str]:
    """Return a task's state and why it was suspended."""
    ((state, reason),) = [(row[10], row[21]) for row in run(f"show tasks like '{name}'")]
    return state, reason


def test_task_runs_as_its_owner(run: Run, schema: str) -> None:
    """A task may, no matter who executes it, do what the role that owns it may."""
    run("create table t (a number)")
    for sql in (
        f"create role if not exists {schema}_owner",
        f"grant usage on database gharchive to role {schema}_owner",
        f"grant usage, create task on schema {schema} to role {schema}_owner",
        "create warehouse if not exists tasks_wh",
        f"grant usage on warehouse tasks_wh to role {schema}_owner",
        f"use role {schema}_owner",
        "create task mine warehouse = tasks_wh as insert into t values (1)",
    ):
        run(sql)
    with pytest.raises(ProgrammingError) as caught:
        run("execute task mine")
    assert caught.value.errno == 91089
    run("use role accountadmin")
    run(f"grant execute task on account to role {schema}_owner")
    run("execute task mine")
    assert ended(run, "mine")[0][1:3] == ("FAILED", "002003")
    run(f"grant insert on table t to role {schema}_owner")
    run("execute task mine")
    assert ended(run, "mine", 2)[1][1] == "SUCCEEDED"
    run("create task others as select 1")
    run(f"use role {schema}_owner")
    assert len(run(HISTORY.format("mine"))) == 2
    assert [row[1] for row in run("show tasks")] == ["MINE"]
    with pytest.raises(ProgrammingError) as caught:
        run("execute task others")
    assert caught.value.errno == 2003
    run("use role accountadmin")
    run(f"drop role {schema}_owner")


def test_show_describe_alter_and_drop(run: Run, cursor: SnowflakeCursor, schema: str) -> None:
    run("create task a schedule = 'using cron 5 * * * * UTC' as select 1")
    run("create task if not exists a as select 2")
    with pytest.raises(ProgrammingError) as caught:
        run("create task a as select 2")
    assert caught.value.errno == 2002
    run("create or replace task b after a when 1 = 1 as select 2")
    run("alter task b modify as begin return 3; end")
    run("alter task b set comment = 'second' user_task_timeout_ms = 1000")
    run("alter task b modify when 2 = 2")
    columns = ("name", "state", "definition", "condition", "comment", "schedule", "owner")
    for statement in (f"show tasks in schema {schema}", "show tasks"):
        rows = run(statement)
        names = [column.name for column in cursor.description]
        assert [tuple(dict(zip(names, row, strict=True))[c] for c in columns) for row in rows] == [
            ("A", "suspended", "select 1", None, "", "using cron 5 * * * * UTC", "ACCOUNTADMIN"),
            ("B", "suspended", "begin return 3; end", "2 = 2", "second", None, "ACCOUNTADMIN"),
        ]
    assert run("describe task b")[0][9] == f'["GHARCHIVE.{schema}.A"]'
    run("alter task b remove after a")
    run("drop task a")
    run("drop task if exists a")
    with pytest.raises(ProgrammingError) as caught:
        run("drop task a")
    assert caught.value.errno == 2003
    run("alter task b resume")
    run("alter task b suspend")


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("create task x schedule = '5 seconds' as select 1", 2140),
        ("create task x schedule = 'using cron 61 * * * * UTC' as select 1", 2140),
        ("create task x schedule = 'using cron 1 * * * * Nowhere/Else' as select 1", 2140),
        ("create task x after nosuch as select 1", 2003),
        ("create task x after t0 schedule = '1 hour' as select 1", 1420),
        ("alter task t0 add after t1", 1421),
        ("create task x as selec 1", 1003),
        ("create task x as begin let a 1; end", 1003),
        ("create task x as call p()", 2),
        ("create task x when system$stream_has_data('s') as select 1", 2),
        ("create task x finalize = t0 as select 1", 2),
        ("execute task t1", 91090),
        ("execute task nosuch", 2003),
        ("create task nosuch.x as select 1", 2003),
    ],
)
def test_wrong_definitions_are_refused(run: Run, sql: str, number: int) -> None:
    run("create task t0 as select 1")
    run("create task t1 after t0 as select 1")
    with pytest.raises(ProgrammingError) as caught:
        run(sql)
    assert caught.value.errno == number


def test_graph_is_changed_only_while_its_root_is_suspended(run: Run) -> None:
    run("create task root schedule = '60 minutes' as select 1")
    run("alter task root resume")
    for sql in ("create task child after root as select 1", "alter task root modify as select 2"):
        with pytest.raises(ProgrammingError, match="not suspended"):
            run(sql)
    run("alter task root suspend")
    run("create task child after root as select 1")


def test_resumed_task_has_a_scheduled_run_and_a_dropped_schema_none(
    run: Run, connect: Callable[..., SnowflakeConnection]
) -> None:
    run("create schema other_tasks")
    run("create task other_tasks.hourly schedule = '60 minutes' as select 1")
    run("alter task other_tasks.hourly resume")
    query = (
        "select state, scheduled_time > current_timestamp() from"
        " table(information_schema.task_history(task_name => 'hourly', result_limit => 5))"
        " where schema_name = 'OTHER_TASKS'"
    )
    assert run(query) == [("SCHEDULED", True)]
    assert run(query.replace("limit => 5", "limit => 5, error_only => true")) == []
    run("drop schema other_tasks")
    assert run(query) == []


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("60 minutes", NOON, NOON + timedelta(hours=1)),
        ("60 MINUTE", NOON + timedelta(minutes=59), NOON + timedelta(hours=1)),
        ("2 hours", NOON + timedelta(hours=5), NOON + timedelta(hours=6)),
        ("30 seconds", NOON + timedelta(seconds=31), NOON + timedelta(minutes=1)),
        ("USING CRON 5 * * * * UTC", NOON, NOON + timedelta(minutes=5)),
        ("USING CRON 0 9 * * * America/New_York", NOON, NOON + timedelta(hours=2)),
    ],
)
def test_next_time_of_a_schedule(schedule: str, after: datetime, due: datetime) -> None:
    assert next_time(schedule, NOON, after) == due


def test_schedule_and_history_survive_the_servers_end(
    tmp_path: Path, certificates: Certificates
) -> None:
    """A run cut off has failed; a resumed task goes on by itself."""
    server = StandIn(tmp_path / "gharchive.duckdb", certificates)
    server.start()
    with server.connect(database=None) as connection:
        for sql in (
            "create database gharchive",
            "create table t (a number)",
            "create task timed schedule = '10 seconds' as insert into t values (1)",
            "create task endless as begin loop null; end loop; end",
            "alter task timed resume",
            "execute task endless",
        ):
            connection.cursor().execute(sql)
        states = (
            "select state, error_message from table(information_schema.task_history("
            "task_name => '{}')) order by scheduled_time"
        )
        cursor = connection.cursor()
        deadline = time.monotonic() + WAIT_SECONDS
        while fetch(cursor, states.format("endless")) != [("EXECUTING", None)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.stop(signal.SIGKILL)
    server.start()
    with server.connect(schema="public") as connection:
        cursor = connection.cursor()
        ((state, message),) = fetch(cursor, states.format("endless"))
        assert state == "FAILED"
        assert "cut off" in message
        deadline = time.monotonic() + WAIT_SECONDS
        while not fetch(cursor, "select a from t"):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        cursor.execute("execute task endless")
    assert server.stop() < 5
