"""Silver and Gold by tasks: from a blob to Gold, without Airflow, and the same as dbt makes."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from include.sql.deploy import render, scripts
from include.sql.model_tasks import Model, compiled_models
from include.sql.settings import Deployment
from local.launcher.stack import Stack
from local.setup import paths
from tests.sql.conftest import Archive, Tables
from tests.sql.test_deploy import prepare_and_run, run
from tests.sql.test_without_airflow import SETTINGS, reconcile, rows, wait_for

DATABASE = "GRAPHED"
OWN = {
    "GHARCHIVE_DATABASE": DATABASE,
    "GHARCHIVE_STORAGE_INTEGRATION": "GRAPHED_BLOBS",
    "GHARCHIVE_NOTIFICATION_INTEGRATION": "GRAPHED_MESSAGES",
    "GHARCHIVE_EVENTS_CONTAINER": "graphed-events",
    "GHARCHIVE_OUTCOMES_CONTAINER": "graphed-outcomes",
    # Less than the hours of the tests have, so that tasks take batches
    "GHARCHIVE_BATCH_ROWS": "100",
}

Contents = dict[str, list[str]]


@pytest.fixture(scope="module")
def models() -> list[Model]:
    """Compile the models; the tables among them are what tasks fill."""
    return compiled_models(DATABASE)


@pytest.fixture(scope="module")
def settings(stack: Stack, archive: Archive) -> dict[str, str]:
    """Return the settings of a deployment with Snowpipe and its tasks, over its own containers."""
    for name in ("events", "outcomes", "quarantine"):
        archive.blob.create_container(f"graphed-{name}")
    return SETTINGS | OWN


@pytest.fixture(scope="module")
def graphed(stack: Stack, archive: Archive, settings: dict[str, str]) -> Archive:
    """Deploy with Snowpipe and its tasks, over containers of our own."""
    deployed = prepare_and_run(stack, **settings)
    assert deployed.returncode == 0, deployed.stderr
    return replace(archive, prefix="graphed")


@pytest.fixture
def tables(stack: Stack, graphed: Archive) -> Iterator[Tables]:
    with stack.connect_snowflake() as connection:
        connection.cursor().execute(f"use database {DATABASE}")
        yield Tables(connection)


def dbt_run(stack: Stack, folder: Path) -> None:
    """Make every model again with dbt, as the role that the DAG has."""
    environment = {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(stack.ports["snowflake"]),
        "SNOWFLAKE_USER": "GHARCHIVE",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(paths.SNOWFLAKE_KEY),
        "SNOWFLAKE_ROLE": f"{DATABASE}_TRANSFORMER",
        "SNOWFLAKE_WAREHOUSE": f"{DATABASE}_TRANSFORM",
        "SNOWFLAKE_DATABASE": DATABASE,
        "REQUESTS_CA_BUNDLE": str(paths.CA_BUNDLE),
        "SSL_CERT_FILE": str(paths.CA_BUNDLE),
    }
    project = str(paths.DBT_PROJECT)
    where = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(folder)]
    made = subprocess.run(
        [paths.PYTHON.parent / "dbt", "run", "--full-refresh", *where, "--log-path", str(folder)],
        env=stack.environment() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout


def run_graph(tables: Tables, models: list[Model]) -> dict[str, str]:
    """Execute the root and wait until all that follows has ended; return the states by task."""
    query = (
        "select name, state, error_message from table(information_schema.task_history("
        "result_limit => 1000)) where schema_name = 'TASKS' and state not in ('SCHEDULED',"
        " 'EXECUTING') and run_id = (select run_id from table(information_schema.task_history("
        "task_name => 'NEW_LOADS')) where scheduled_from = 'EXECUTE TASK'"
        " order by scheduled_time desc limit 1)"
    )
    total = 2 + sum(bool(model.variables) for model in models)
    tables.run("execute task tasks.new_loads")
    deadline = time.monotonic() + 120
    while True:
        found = {str(name): str(state) for name, state, _ in tables.run(query)}
        if len(found) == total or set(found.values()) - {"SUCCEEDED"}:
            return found
        assert time.monotonic() < deadline, tables.run(query)
        time.sleep(0.2)


def contents(tables: Tables, models: list[Model]) -> Contents:
    """Return columns and rows of all models, views as well; the order of neither matters."""
    found = {}
    for model in models:
        described = tables.connection.cursor().describe(f"select * from {model.name}")
        columns = ", ".join(sorted(column.name for column in described))
        rows = tables.run(f"select {columns} from {model.name}")
        found[model.name] = [columns, *sorted(map(repr, rows))]
    return found


def has_work(tables: Tables) -> bool:
    """Whether the graph's next scheduled run would run."""
    streams = ("ledger.new_loads", "ledger.new_watermarks")
    calls = ", ".join(f"system$stream_has_data('{stream}')" for stream in streams)
    (found,) = tables.run(f"select {calls}")
    return any(found)


def a_day_goes_by(tables: Tables) -> None:
    """Let every watermark be a day older, for what is made once a day."""
    # A table with a stream takes no UPDATE here
    tables.run("create or replace table ledger.recorded as select * from ledger.model_watermarks")
    tables.run("delete from ledger.model_watermarks")
    tables.run(
        "insert into ledger.model_watermarks"
        " select model, load_seq, dateadd('day', -1, recorded_at) from ledger.recorded"
    )


def test_unchanged_models_are_not_deployed_again(
    stack: Stack, graphed: Archive, settings: dict[str, str]
) -> None:
    """What is compiled is the same each time."""
    planned = run(stack, "--plan", **settings)
    assert planned.stdout == f"-- 0 of {len(scripts())} scripts would run\n"


def test_a_plan_shows_what_tasks_run(
    stack: Stack, models: list[Model], settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GHARCHIVE_STORAGE_URL", "azure://account")
    code = {"models": [asdict(model) for model in models]}

    text = render("R__9_models.sql", Deployment.from_environment(), code)

    tables = [model for model in models if model.variables]
    assert len(tables) > 20
    assert text.count("create task") == 2 + len(tables)
    assert all(model.sql in text for model in models if model not in tables)
    assert "{{" not in text


def test_only_tasks_need_dbt(stack: Stack) -> None:
    """Without a queue nothing is compiled: the laptop's start doesn't wait for dbt."""
    code = (
        "import sys; from include.sql import deploy; status = deploy.main(['--plan']); "
        "assert 'dbt' not in sys.modules; sys.exit(status)"
    )
    done = subprocess.run(
        [paths.PYTHON, "-c", code],
        cwd=paths.ROOT,
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_from_a_blob_to_gold(
    stack: Stack,
    graphed: Archive,
    tables: Tables,
    models: list[Model],
    day: datetime,
    tmp_path: Path,
) -> None:
    """The pipe loads, `reconcile` records, the graph follows; dbt would have made the same.

    The second time there are a new hour and one that was republished.
    """
    first = day + timedelta(hours=21)
    assert not has_work(tables)
    outcomes = graphed.ingested(first, first + timedelta(hours=1))
    wait_for(lambda: all(rows(tables, outcome) for outcome in outcomes))
    assert run_graph(tables, models) == {"NEW_LOADS": "SKIPPED"}
    assert reconcile(tables) == ("SUCCEEDED", None)
    assert has_work(tables)

    assert set(run_graph(tables, models).values()) == {"SUCCEEDED"}

    assert not has_work(tables)
    kept = sum(outcome["lines_kept"] for outcome in outcomes)
    assert tables.run("select count(*) from silver.event_rows") == [(kept,)]
    ((batches,),) = tables.run(
        "select count(*) from ledger.model_progress where model = 'event_rows'"
    )
    assert batches > 1
    time.sleep(1)  # Blob storage tells times in whole seconds
    graphed.ingested(first + timedelta(hours=1), seed=2)
    (later,) = graphed.ingested(first + timedelta(hours=2))
    wait_for(lambda: rows(tables, later))
    assert reconcile(tables) == ("SUCCEEDED", None)
    states = run_graph(tables, models)
    assert set(states.values()) == {"SUCCEEDED"}
    assert has_work(tables), "months are made once a day"
    a_day_goes_by(tables)
    # As another version left them
    tables.run("alter table gold.repository_days rename column human_count to people")
    tables.run("drop table gold.rankings")

    assert set(run_graph(tables, models).values()) == {"SUCCEEDED"}

    by_tasks = contents(tables, models)
    assert all(by_tasks[name][1:] for name in ("silver.events", "gold.eventsmetrics"))
    assert run_graph(tables, models) == {"NEW_LOADS": "SKIPPED"}
    dbt_run(stack, tmp_path)
    assert contents(tables, models) == by_tasks


@pytest.mark.long
def test_after_a_failure_the_graph_runs_again(
    graphed: Archive, tables: Tables, models: list[Model], day: datetime
) -> None:
    """What follows the failed task waits; the next run does what is missing."""
    a_day_goes_by(tables)
    (outcome,) = graphed.ingested(day)
    wait_for(lambda: rows(tables, outcome))
    assert reconcile(tables) == ("SUCCEEDED", None)
    tables.run("alter table silver.events rename to silver.lost")
    tables.run("create view silver.events as select 1 as one")

    states = run_graph(tables, models)
    assert (states["SILVER_EVENT_ROWS"], states["SILVER_EVENTS"]) == ("SUCCEEDED", "FAILED")
    assert "GOLD_DAILY_ACTIVITY" not in states
    assert has_work(tables)
    tables.run("drop view silver.events")
    tables.run("alter table silver.lost rename to silver.events")
    states = run_graph(tables, models)

    assert set(states.values()) == {"SUCCEEDED"}
    assert not has_work(tables)
    assert tables.run(
        "select sum(event_count) from gold.daily_activity where event_date = %s", day.date()
    ) == tables.run("select count(*) from silver.events where event_date = %s", day.date())
