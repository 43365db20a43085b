"""Snowpipe and the task `reconcile`: loading in an account that runs without Airflow."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from include.sql.load import load_hours
from local.launcher.stack import Stack
from tests.sql.conftest import Archive, Outcome, Tables, kept, lines_of
from tests.sql.test_deploy import prepare_and_run

WAIT_SECONDS = 60
SETTINGS = {
    "GHARCHIVE_DATABASE": "PIPED",
    "GHARCHIVE_AZURE_TENANT_ID": "tenant",
    "GHARCHIVE_QUEUE_URL": "https://account.queue.core.windows.net/events",
    "GHARCHIVE_STORAGE_INTEGRATION": "PIPED_BLOBS",
    "GHARCHIVE_NOTIFICATION_INTEGRATION": "PIPED_MESSAGES",
    "GHARCHIVE_EVENTS_CONTAINER": "piped-events",
    "GHARCHIVE_OUTCOMES_CONTAINER": "piped-outcomes",
}


@pytest.fixture(scope="module")
def piped(stack: Stack, archive: Archive) -> Archive:
    """Deploy with a queue and a storage integration, over containers of our own."""
    for name in ("events", "outcomes", "quarantine"):
        archive.blob.create_container(f"piped-{name}")
    deployed = prepare_and_run(stack, **SETTINGS)
    assert deployed.returncode == 0, deployed.stderr
    return replace(archive, prefix="piped")


@pytest.fixture
def tables(stack: Stack, piped: Archive) -> Iterator[Tables]:
    with stack.connect_snowflake() as connection:
        connection.cursor().execute("use database PIPED")
        yield Tables(connection)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is true; both pipe and task work in the background."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen"
        time.sleep(0.2)


def rows(tables: Tables, outcome: Outcome) -> int:
    """Count an hour's rows in BronzeRaw."""
    query = "select count(*) from bronze.BronzeRaw where file_name = %s"
    return int(tables.run(query, outcome["blob_name"])[0][0])


def reconcile(tables: Tables) -> tuple[str, str | None]:
    """Execute the task and wait for its end; return its state and error."""
    query = (
        "select state, error_message from table(information_schema.task_history("
        "task_name => 'RECONCILE')) where completed_time is not null order by completed_time desc"
    )
    before = len(tables.run(query))
    tables.run("execute task ledger.reconcile")
    wait_for(lambda: len(tables.run(query)) > before)
    state, error = tables.run(query)[0]
    return str(state), error


def test_the_pipe_loads_and_the_task_records(piped: Archive, tables: Tables, day: datetime) -> None:
    """Readers see nothing of an hour until the ledger has it, and then each line once."""
    (outcome,) = piped.ingested(day)
    wait_for(lambda: rows(tables, outcome) == outcome["lines_kept"])
    assert tables.events(outcome) == []

    assert reconcile(tables) == ("SUCCEEDED", None)

    assert tables.events(outcome) == kept(lines_of(day))
    assert [load[1:] for load in tables.loads(outcome)] == [("published", outcome["lines_kept"])]
    assert tables.run(
        "select count(load_id) from bronze.BronzeRaw where file_name = %s", outcome["blob_name"]
    ) == [(0,)], "the pipe's rows were copied again"
    assert tables.run(
        "select is_exact from ledger.reconciliation where file_name = %s", outcome["blob_name"]
    ) == [(True,)]
    dates = tables.run(
        "select distinct event_date::varchar from ledger.load_dates where file_name = %s",
        outcome["blob_name"],
    )
    assert {date for (date,) in dates} == set(outcome["event_dates"])


def test_a_changed_blob_is_the_tasks(piped: Archive, tables: Tables, day: datetime) -> None:
    """A pipe never loads a name again; the task replaces the rows and records their dates."""
    (old,) = piped.ingested(day)
    wait_for(lambda: rows(tables, old))
    assert reconcile(tables) == ("SUCCEEDED", None)
    time.sleep(1)  # Blob storage tells times in whole seconds
    (new,) = piped.ingested(day, seed=2)

    assert reconcile(tables) == ("SUCCEEDED", None)

    assert tables.events(new) == kept(lines_of(day, seed=2))
    assert tables.events(new, "bronze.BronzeRaw") == kept(lines_of(day, seed=2))
    assert [load[1] for load in tables.loads(new)] == ["published", "republished"]
    (_, last) = (load[0] for load in tables.loads(new))
    assert set(old["event_dates"]) | set(new["event_dates"]) <= tables.dates(new, last)


def test_nothing_new_changes_nothing(piped: Archive, tables: Tables, day: datetime) -> None:
    (outcome,) = piped.ingested(day)
    wait_for(lambda: rows(tables, outcome))
    assert reconcile(tables) == ("SUCCEEDED", None)
    state = tables.state()

    assert reconcile(tables) == ("SUCCEEDED", None)

    assert tables.state() == state


def test_the_dag_and_the_task_give_way_to_each_other(
    piped: Archive, tables: Tables, day: datetime
) -> None:
    """The one that comes second finds the work done."""
    first, second = hours = [day, day + timedelta(hours=9)]
    outcomes = piped.ingested(*hours)
    wait_for(lambda: all(rows(tables, outcome) for outcome in outcomes))
    by_dag = load_hours(tables.connection, outcomes[:1])
    assert (by_dag.loaded, by_dag.rows) == (1, outcomes[0]["lines_kept"])

    assert reconcile(tables) == ("SUCCEEDED", None)

    assert load_hours(tables.connection, outcomes).unchanged == 2
    assert [len(tables.loads(outcome)) for outcome in outcomes] == [1, 1]
    assert [tables.events(outcome) for outcome in outcomes] == [
        kept(lines_of(first)),
        kept(lines_of(second)),
    ]


def test_gaps_are_recorded_too(piped: Archive, tables: Tables, day: datetime) -> None:
    """An hour that the archive never had, and an empty one."""
    piped.publish(day, [])
    missing = day + timedelta(hours=1)
    outcomes = piped.ingest(day, missing)

    assert reconcile(tables) == ("SUCCEEDED", None)

    verdicts = [tables.loads(outcome)[0][1:] for outcome in outcomes]
    assert verdicts == [("empty", 0), ("never_published", 0)]


def test_rows_that_differ_from_what_ingest_kept_are_not_loaded(
    piped: Archive, tables: Tables, day: datetime
) -> None:
    """The task fails and leaves everything as it was, until the record is right again."""
    (outcome,) = piped.ingested(day)
    wait_for(lambda: rows(tables, outcome))
    record = piped.blob.get_blob_client("piped-outcomes", outcome["blob_name"].removesuffix(".gz"))
    right = record.download_blob().readall()
    wrong: dict[str, Any] = json.loads(right)
    wrong["lines_kept"] += 1
    record.upload_blob(json.dumps(wrong), overwrite=True)
    state = tables.state()

    status, error = reconcile(tables)

    assert status == "FAILED"
    assert error is not None
    assert "Rows loaded differ from lines kept" in error
    assert tables.state() == state
    time.sleep(1)
    record.upload_blob(right, overwrite=True)
    assert reconcile(tables) == ("SUCCEEDED", None)
    assert tables.events(outcome) == kept(lines_of(day))


CHANGES = {
    "GHARCHIVE_STATEMENT_TIMEOUT": "1234",
    "GHARCHIVE_AUTO_SUSPEND": "77",
    "GHARCHIVE_LOAD_WAREHOUSE_SIZE": "SMALL",
    "GHARCHIVE_TRANSFORM_WAREHOUSE_SIZE": "SMALL",
    "GHARCHIVE_CREDIT_QUOTA": "33",
    "GHARCHIVE_SERVERLESS_CREDITS": "3",
    "GHARCHIVE_RETENTION_DAYS": "2",
    "GHARCHIVE_QUEUE_URL": "https://account.queue.core.windows.net/others",
    "GHARCHIVE_AZURE_TENANT_ID": "another",
}


def running(tables: Tables) -> dict[str, str]:
    """Return the state of each task, and of the pipe."""
    tables.run("show tasks in database PIPED")
    states = 'select "name", "state" from table(result_scan(last_query_id())) order by 1'
    pipe = "select parse_json(system$pipe_status('bronze.gharchive_pipe')):executionState::text"
    return dict(tables.run(states)) | {"pipe": tables.run(pipe)[0][0]}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(list(CHANGES), id="all"),
        *(pytest.param([name], id=name, marks=pytest.mark.long) for name in CHANGES),
    ],
)
def test_what_runs_runs_on_after_a_new_deployment(
    stack: Stack, piped: Archive, tables: Tables, changes: list[str]
) -> None:
    """Whichever setting is another: the pipe, the task `reconcile` and the graph of tasks."""
    before = running(tables)
    assert set(before.values()) == {"started", "RUNNING"}

    deployed = prepare_and_run(stack, **(SETTINGS | {name: CHANGES[name] for name in changes}))

    assert deployed.returncode == 0, deployed.stderr
    assert running(tables) == before


def test_what_an_operator_has_stopped_stays_so(
    stack: Stack, piped: Archive, tables: Tables
) -> None:
    """Though every script runs again; a task of the graph, its root, `reconcile`, the pipe."""
    for statement in (
        "alter task tasks.new_loads suspend",
        "alter task tasks.gold_actor_days suspend",
        "alter task ledger.reconcile suspend",
        "alter pipe bronze.gharchive_pipe set pipe_execution_paused = true",
        "alter warehouse PIPED_READ suspend",
    ):
        tables.run(statement)
    before = running(tables)
    assert before["pipe"] == "PAUSED"
    assert {name for name, state in before.items() if state == "suspended"} == {
        *("NEW_LOADS", "GOLD_ACTOR_DAYS", "RECONCILE")
    }

    deployed = prepare_and_run(stack, **(SETTINGS | CHANGES))

    assert deployed.returncode == 0, deployed.stderr
    assert running(tables) == before


def test_a_deployment_that_was_killed_is_finished_by_the_next(
    stack: Stack, piped: Archive, tables: Tables
) -> None:
    """What ran before the first runs after the second; what was stopped then stays so."""
    tables.run("alter task tasks.new_loads suspend")
    tables.run(
        "create table ledger.stopped_before_deployment as select 'PIPED.TASKS.NEW_LOADS' as name"
    )
    tables.run("grant ownership on table ledger.stopped_before_deployment to role PIPED_DEPLOYER")
    tables.run("alter task ledger.reconcile suspend")

    deployed = prepare_and_run(stack, **SETTINGS)

    assert deployed.returncode == 0, deployed.stderr
    stopped = {name for name, state in running(tables).items() if state == "suspended"}
    assert stopped == {"NEW_LOADS"}
    assert running(tables)["pipe"] == "RUNNING"
    assert tables.run("show tables like 'STOPPED%' in schema ledger") == []
