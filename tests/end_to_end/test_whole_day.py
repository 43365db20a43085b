"""A day through every stage, by Airflow's scheduler, as a user starts it.

The tests of this file build on each other's data, in order.
"""

import gzip
import re
import subprocess
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from local.launcher.day_run import DAG_ID, RUN_PREFIX
from local.launcher.stack import Stack
from local.setup import paths
from tests.archive_samples import SAMPLES, sample
from tests.counted import DROPPED, Query, assert_reconciled, bronze_by_type, kept_by_type
from tests.dbt.warehouse import read_hour, utc
from tests.end_to_end.conftest import Command, FirstRun, write_hour
from tests.launcher.test_started_stack import files_with_secrets, others_can_read

pytestmark = pytest.mark.timeout(900)

GOLD = (
    "daily_activity",
    "event_trends",
    "top_repositories",
    "issues_and_pull_requests",
    "EventsMetrics",
)


def task_states(stack: Stack, run_id: str) -> dict[str, str]:
    """Return the state of each unmapped task."""
    tasks = stack.airflow.task_instances(DAG_ID, run_id)
    return {task["task_id"]: task["state"] for task in tasks if task["map_index"] < 0}


def run_id_of(output: str) -> str:
    """Return the id of the run that `make run` reports."""
    found = re.search(r"Run (make_run__\S+): ", output)
    assert found, output
    return found[1]


def test_after_a_killed_launcher_the_next_run_works(
    first_run: FirstRun, stack: Stack, query: Query
) -> None:
    """It ends what was left, in the machine and in Airflow, and loads the day once."""
    runs = stack.airflow.runs(DAG_ID)
    states = [run["state"] for run in runs if run["dag_run_id"].startswith(RUN_PREFIX)]
    assert sorted(states) == ["failed", "success"]
    assert query("select count(*), count(distinct file_name) from ledger.loads") == [(1, 1)]
    # Airflow's own files too, after a day
    assert others_can_read(files_with_secrets(stack.layout)) == []


def test_a_day_arrives_everywhere(first_run: FirstRun, stack: Stack, query: Query) -> None:
    """`make run` on real data: exact counts, recommendations live, a refresh."""
    # Of simulated events some are twice in a file, and Silver has them once
    file = sample("2015-01-01-12.json.gz")
    expected = kept_by_type(file)

    with gzip.open(file) as lines:
        dropped = sum(1 for _ in lines) - expected.total()
    assert f"{expected.total():,} kept, {dropped:,} dropped" in first_run.stdout
    assert "Power BI refresh: success" in first_run.stdout
    assert bronze_by_type(query, "2015/01/01/12.json.gz") == expected
    day = "where event_date = '2015-01-01' group by 1"
    silver = query(f"select event_type, count(*) from silver.events {day}")
    assert Counter(dict(silver)) == expected
    gold = query(f"select event_type, sum(event_count) from gold.event_trends {day}")
    assert Counter(dict(gold)) == expected
    assert_reconciled(query)
    assert query("SELECT user_id, repo_id, event_count FROM Gold.EventsMetrics LIMIT 1")
    assert query("select count(*) from gold.recommendations_live") > [(100,)]
    blobs = stack.connect_blob().get_container_client("gharchive-models").list_blob_names()
    assert any(name.endswith(".parquet") for name in blobs)
    ingest = next(
        task
        for task in stack.airflow.task_instances(DAG_ID, run_id_of(first_run.stdout))
        if task["task_id"] == "ingest"
    )
    assert ingest["rendered_map_index"] == "2015-01-01T12"


def test_the_same_day_again_changes_nothing(stack: Stack, local: Command, query: Query) -> None:
    """A second run loads nothing, and so skips all that follows; every table is as it was."""

    def state() -> list[list[tuple[object, ...]]]:
        tables = ["ledger.loads", "gold.models", "gold.live_model", *(f"gold.{t}" for t in GOLD)]
        return [sorted(query(f"select * from {table}"), key=repr) for table in tables]

    before = state()

    done = local("run", "--day", "2015-01-01", "--hours", "12")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 hours loaded (0 rows), 1 unchanged" in done.stdout
    assert state() == before
    states = task_states(stack, run_id_of(done.stdout))
    done_in_vain = {name for name, state in states.items() if state != "skipped"}
    assert done_in_vain == {"plan", "load", "is_anything_new"}
    assert "nothing is new since the last complete run: the rest is skipped" in done.stdout


def test_an_hour_that_fails_stops_dbt_but_not_the_other_hours(
    stack: Stack, hours: Path, query: Query
) -> None:
    """The run is red and resumable: mend the source, clear what failed, and it turns green.

    An hour that is damaged in the archive itself fails nothing: what is whole of it is loaded. One
    that was republished meanwhile is replaced, from Bronze to Gold. Events of 2012 have no ids,
    offset times, and dates of their own in UTC.
    """
    airflow = stack.airflow
    airflow.trigger(DAG_ID, "refused", {"day": "2012-06-14", "hours": "14-17"})
    assert wait_for_end(stack, "refused") == "failed"

    states = task_states(stack, "refused")
    assert states["load"] == "success"
    assert states["silver.events"] == "upstream_failed"
    old, real, refused, cut = (f"2012/06/14/{hour}.json.gz" for hour in range(14, 18))
    day = "select file_name, verdict from ledger.loads where file_hour < '2015-01-01' "
    day += "order by 1, load_seq"
    whole, damaged = [(old, "published"), (real, "published")], (cut, "damaged")
    assert query(day) == [*whole, damaged]
    [alert] = [t for t in airflow.task_instances(DAG_ID, "refused") if t["task_id"] == "alert"]
    assert airflow.result(alert).startswith("2012-06-14T17 is damaged (truncated near byte ")

    (hours / "2012-06-14-16.json.gz.status").unlink()
    republished = write_hour(hours, datetime(2012, 6, 14, 14), seed=2)
    airflow.session.post(
        f"{airflow.url}/api/v2/dags/{DAG_ID}/clearTaskInstances",
        json={
            "dag_run_id": "refused",
            "task_ids": ["ingest"],
            "include_downstream": True,
            "only_failed": False,
            "reset_dag_runs": True,
            "dry_run": False,
        },
        timeout=60,
    ).raise_for_status()
    assert wait_for_end(stack, "refused") == "success"
    replaced, mended = (old, "republished"), (refused, "published")
    assert query(day) == [whole[0], replaced, whole[1], mended, damaged]
    for name, file in ((old, republished), (real, hours / "2012-06-14-15.json.gz")):
        expected = kept_by_type(file)
        assert bronze_by_type(query, name) == expected
        rows = query(
            "select event_type, count(*) from silver.event_rows where file_name = %s group by 1",
            name,
        )
        assert Counter(dict(rows)) == expected
    versions = query("select version_number, rows_loaded from ledger.republished order by load_seq")
    assert [number for number, _ in versions] == [1, 2]
    assert versions[-1][1] == kept_by_type(republished).total()
    file = hours / "2012-06-14-15.json.gz"
    events = [event for event in read_hour(file) if event["type"] not in DROPPED]
    first, last = min(map(utc, events)), max(map(utc, events))
    times = "select min(created_at), max(created_at) from silver.event_rows where file_name = %s"
    assert query(times, real) == [(first, last)]
    # 15 o'clock in the file's name is Pacific time
    assert f"{last:%Y-%m-%dT%H}" == "2012-06-14T23"
    if (SAMPLES / file.name).exists():
        # Simulated hours have stragglers
        assert f"{first:%Y-%m-%dT%H}" == "2012-06-14T22"
    assert query("select count(*) from silver.events where era = 'timeline'") > [(0,)]
    assert_reconciled(query)


def test_a_backfill_trains_once(stack: Stack, local: Command, query: Query) -> None:
    """`make backfill` over three days: all loaded, one model, one refresh."""
    models_before = len(query("select * from gold.models"))

    done = local("backfill", "--from", "2024-03-05", "--to", "2024-03-07", "--hours", "12")

    assert done.returncode == 0, done.stdout + done.stderr
    days = query(
        "select distinct cast(file_hour as date)::varchar from ledger.current_loads"
        " where file_hour between '2024-03-05' and '2024-03-08' order by 1"
    )
    assert days == [("2024-03-05",), ("2024-03-06",), ("2024-03-07",)]
    assert_reconciled(query)
    runs = stack.airflow.runs(DAG_ID, run_type=["backfill"])
    refreshed = [task_states(stack, run["dag_run_id"])["refresh"] for run in runs]
    assert sorted(refreshed) == ["skipped", "skipped", "success"]
    assert len(query("select * from gold.models")) == models_before + 1


def test_a_failing_task_names_the_model(stack: Stack, query: Query) -> None:
    """What its last lines say is what a user sees in the UI, and on the terminal."""
    # With nothing new, a table that is there reads nothing
    query("alter table gold.daily_activity rename to gold.was_there")
    query("alter table silver.events rename to silver.not_there")
    command = [str(paths.BIN / "airflow"), "tasks", "test", DAG_ID, "gold.activity", "2024-03-05"]

    # It ends with 0 whatever comes of the task
    done = subprocess.run(
        command, env=stack.environment(), capture_output=True, text=True, check=True
    )

    errors = [line for line in done.stdout.splitlines() if "completed with errors" in line]
    assert "daily_activity: Database Error" in errors[-1], done.stdout


def wait_for_end(stack: Stack, run_id: str) -> str:
    """Wait for a run to end; return its state."""
    airflow = stack.airflow
    while (state := airflow.run(DAG_ID, run_id)["state"]) not in {"success", "failed"}:
        time.sleep(1)
    return str(state)
