"""Run a day on a local stack of its own, without Airflow and with it, and read what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from bench.day.memory import Look, Memory
from bench.day.product import Times
from local.launcher.day_run import DAG_ID, run_day
from local.launcher.environment import blob_url
from local.launcher.layout import Layout
from local.launcher.source import Source
from local.launcher.stack import Stack
from local.setup import paths

EVENTS = "gharchive-events"
STAGE_OF = {
    "plan": "ingest",
    "ingest": "ingest",
    "load": "load",
    "silver": "models",
    "gold": "models",
}
"""The stage of a task, or of a group of tasks, in their order."""
STAGES = tuple(dict.fromkeys(STAGE_OF.values()))


class Ran(NamedTuple):
    """What a day took, the peak of all processes' memory, and the warehouse's bytes after it."""

    times: Times
    memory: Look
    warehouse_bytes: int


def stack_in(folder: Path) -> Stack:
    """Return a stack whose state is in `folder`."""
    return Stack(Layout(folder), say=lambda _: None)


def source_of(hours: Path) -> Source:
    """Return a folder of hours as a source."""
    return Source("hours built for this", route="folder", folder=str(hours))


def without_airflow(stack: Stack, day: datetime, *, with_tests: bool = False) -> Ran:
    """Take a day from source to Gold; with tests, each model's follow it."""
    environment = stack.environment()
    connection = json.loads(environment["AIRFLOW_CONN_GHARCHIVE_BLOB"])
    environment |= {
        "GHARCHIVE_BLOB_SAS": connection["extra"]["sas_token"].removeprefix("?"),
        "SNOWFLAKE_ACCOUNT": "gharchive",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(stack.ports["snowflake"]),
        "SNOWFLAKE_USER": "GHARCHIVE_TRANSFORMER",
        "SNOWFLAKE_ROLE": "GHARCHIVE_TRANSFORMER",
        "SNOWFLAKE_WAREHOUSE": "GHARCHIVE_TRANSFORM",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(paths.SNOWFLAKE_KEY),
        "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": "false",
    }
    source = f"http://127.0.0.1:{stack.ports['gharchive']}/folder"
    command = [sys.executable, "-m", "bench.day.product", f"{day:%Y-%m-%d}", source]
    command += [f"{blob_url(stack.ports)}/{EVENTS}", *(["--tests"] if with_tests else [])]
    with Memory(stack.marker) as memory:
        done = subprocess.run(
            command,
            env=environment,
            cwd=paths.ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    times = Times(**json.loads(done.stdout.splitlines()[-1]))
    return Ran(times, memory.peak(), _warehouse_bytes(stack))


def with_airflow(stack: Stack, day: datetime) -> Ran:
    """Take a day through the DAG; counted is what it does until Gold is there, tests included."""
    with Memory(stack.marker) as memory:
        run, _ = run_day(stack, f"{day:%Y-%m-%d}", "0-23")
    tasks = stack.airflow.task_instances(DAG_ID, run["dag_run_id"])
    stages: dict[str, list[dict[str, Any]]] = {}
    for task in tasks:
        if stage := STAGE_OF.get(task["task_id"].partition(".")[0]):
            stages.setdefault(stage, []).append(task)
    if failed := {task["task_id"] for some in stages.values() for task in some} & {
        task["task_id"] for task in tasks if task["state"] != "success"
    }:
        raise RuntimeError(f"failed: {', '.join(sorted(failed))}")
    began = _time(run["start_date"])
    ends = {stage: max(_time(task["end_date"]) for task in some) for stage, some in stages.items()}
    seconds: dict[str, float] = {}
    for stage in STAGES:
        seconds[stage] = ends[stage] - began - sum(seconds.values())
    models = {
        task["task_id"].split(".")[1]: task["duration"]
        for task in stages["models"]
        if task["task_id"].endswith(".run") or task["task_id"].count(".") == 1
    }
    times = Times(ends["models"] - began, seconds, models)
    return Ran(times, memory.peak(ends["models"]), _warehouse_bytes(stack))


def _warehouse_bytes(stack: Stack) -> int:
    file = stack.layout.database
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*") if path.is_file())


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


COUNTS: Mapping[str, tuple[str, str]] = {
    "events": (
        "select count(*), sum(push_size), sum(added_lines), count(distinct author_key),"
        " count(case when is_merged then 1 end), count(case when is_pull_request then 1 end),"
        " count(case when is_bot then 1 end), min(created_at), max(created_at) from silver.events",
        "select count(*), sum(push_size), sum(added_lines), count(distinct author_key),"
        " count(case when is_merged then 1 end), count(case when is_pull_request then 1 end),"
        " count(case when is_bot then 1 end), min(created_at), max(created_at) from events",
    ),
    "EventsMetrics": (
        "select count(*), sum(event_count), sum(star_count), sum(fork_count), sum(push_count),"
        " sum(issue_count), sum(pull_request_count), min(first_event_at), max(last_event_at)"
        " from gold.EventsMetrics",
        "select count(*), sum(event_count), sum(star_count), sum(fork_count), sum(push_count),"
        " sum(issue_count), sum(pull_request_count), min(first_event_at), max(last_event_at)"
        " from events_metrics",
    ),
    "events by hour and type": (
        "select event_hour, event_type, event_count, actor_count, repo_count"
        " from gold.event_hours order by event_hour, event_type",
        "select event_hour, event_type, event_count, actor_count, repo_count"
        " from event_hours order by event_hour, event_type",
    ),
    "top repositories": (
        "select window_end, repo_rank, repo_key, event_count, star_count"
        " from gold.top_repositories where window_name = 'day' and ranked_by = 'events'"
        " order by window_end, repo_rank",
        "select event_date, repo_rank, repo_key, event_count, star_count"
        " from top_repositories order by event_date, repo_rank",
    ),
    "top users": (
        "select window_end, actor_rank, actor_key, event_count, star_count"
        " from gold.top_users where window_name = 'day' and ranked_by = 'events'"
        " order by window_end, actor_rank",
        "select event_date, user_rank, actor_key, event_count, star_count"
        " from top_users order by event_date, user_rank",
    ),
}
"""The same question to both, when the stack has taken one day."""


def differences(stack: Stack, database: Path) -> list[str]:
    """Return what the product's first day and the script's differ in."""
    found: list[str] = []
    with (
        stack.connect_snowflake() as product,
        product.cursor() as cursor,
        duckdb.connect(str(database), read_only=True) as script,
    ):
        columns = [name for name, *_ in script.execute("describe events").fetchall()]
        values = f"select {', '.join(f'count({column})' for column in columns)} from"
        both = {"values by column": (f"{values} silver.events", f"{values} events"), **COUNTS}
        for name, (ours, theirs) in both.items():
            cursor.execute(ours)
            rows = [tuple(row) for row in cursor.fetchall()]
            expected = script.execute(theirs).fetchall()
            if rows != expected:
                pairs = zip(rows, expected, strict=False)
                first = next((pair for pair in pairs if pair[0] != pair[1]), None)
                found.append(f"{name}: {len(rows)} and {len(expected)} rows; first {first}")
    return found
