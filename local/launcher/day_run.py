"""Run days through the DAG and follow them on the terminal."""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import requests

from local.launcher import processes
from local.launcher.airflow_api import AirflowApi
from local.launcher.stack import Stack
from local.setup import paths

DAG_ID = "gharchive_daily"
RUN_PREFIX = "make_run__"
POLL_SECONDS = 2.0
BACKFILL_ATTEMPTS = 5
# As many skipped tasks are told of by name
FEW = 5
# In the conf of every run and backfill that a launcher follows
MARK = {"started_by": "make"}
RUN_ENDED = {"success", "failed"}
ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
WAITING = {"up_for_retry", "up_for_reschedule"}


class Follower:
    """Prints each task of a run as it ends, with its rows where it has some."""

    def __init__(self, airflow: AirflowApi, run_id: str, say: Callable[[str], None]) -> None:
        self.airflow = airflow
        self.run_id = run_id
        self.say = say
        self.rows = 0
        self.printed: set[tuple[object, ...]] = set()

    def poll(self) -> None:
        """Print what has happened since the last call."""
        tasks = self.airflow.task_instances(DAG_ID, self.run_id)
        ended = sum(task["state"] in ENDED for task in tasks)
        progress = f"{ended}/{len(tasks)}"
        skipped = []
        for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
            key = (task["task_id"], task["map_index"], task["state"], task["try_number"])
            if task["state"] in ENDED | WAITING and key not in self.printed:
                self.printed.add(key)
                if task["state"] == "skipped":
                    skipped.append(task)
                else:
                    self.say(self._line(task, progress))
        if len(skipped) > FEW:
            self.say(f"  [{progress:>5}] {f'{len(skipped)} tasks':<42} skipped")
        else:
            for task in skipped:
                self.say(self._line(task, progress))

    def _line(self, task: dict[str, Any], progress: str) -> str:
        hour = task.get("rendered_map_index")
        name = task["task_id"] + (f" {hour}" if hour else "")
        seconds = f"{task['duration']:6.1f} s" if task["duration"] else " " * 8
        line = f"  [{progress:>5}] {name:<42} {task['state']:<12} {seconds}"
        if task["state"] == "success":
            line += self._rows_of(task)
        elif task["state"] == "up_for_reschedule":
            line += "  not published yet; looked for again every ten minutes"
        elif task["state"] in {"failed", "up_for_retry"}:
            line += "".join(f"\n      | {text}" for text in self.airflow.log_tail(task))
        return line

    def _rows_of(self, task: dict[str, Any]) -> str:
        if task["task_id"] == "ingest":
            outcome = self.airflow.result(task)
            kept, dropped = outcome["lines_kept"], outcome["lines_dropped"]
            self.rows += kept
            return (
                f"  {outcome['verdict']}: {kept:,} kept, {dropped:,} dropped; {self.rows:,} so far"
            )
        if task["task_id"] == "load":
            result = self.airflow.result(task)
            rows, loaded, unchanged = result["rows"], result["loaded"], result["unchanged"]
            return f"  {loaded} hours loaded ({rows:,} rows), {unchanged} unchanged"
        if task["task_id"] == "is_anything_new" and not self.airflow.result(task):
            return "  nothing is new since the last complete run: the rest is skipped"
        if task["task_id"].startswith("alert"):
            alarms = str(self.airflow.result(task)).splitlines()
            return "".join(f"\n      ! {alarm}" for alarm in alarms)
        return ""


def run_day(stack: Stack, day: str, hours: str) -> tuple[dict[str, Any], int]:
    """Trigger a run, follow it to its end, and return it with the stack's peak memory in bytes."""
    airflow = stack.airflow
    run_id = RUN_PREFIX + datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%f")
    follower = Follower(airflow, run_id, stack.say)
    peak = 0
    with _no_other_run(airflow):
        airflow.trigger(DAG_ID, run_id, {"day": day, "hours": hours, **MARK})
        while True:
            stack.check()
            run = airflow.run(DAG_ID, run_id)
            follower.poll()
            peak = max(peak, processes.memory_bytes(stack.marker))
            if run["state"] in RUN_ENDED:
                return run, peak
            time.sleep(POLL_SECONDS)


def backfill(stack: Stack, first: str, last: str, hours: str) -> list[dict[str, Any]]:
    """Backfill the days from `first` to `last` by Airflow's own command; return their runs.

    A day that Airflow leaves out, because a run of the user's own is at it, is none of them.
    """
    airflow = stack.airflow
    command = [
        *("airflow", "backfill", "create", "--dag-id", DAG_ID),
        *("--from-date", first, "--to-date", last),
        *("--reprocess-behavior", "completed", "--max-active-runs", "2"),
        *("--dag-run-conf", json.dumps({"hours": hours, **MARK})),
    ]
    with _no_other_run(airflow):
        stack.say("$ " + shlex.join(command))
        for attempt in range(1, BACKFILL_ATTEMPTS + 1):
            with stack.only_api_server():
                done = subprocess.run(
                    [paths.BIN / command[0], *command[1:]],
                    env=stack.environment(),
                    capture_output=True,
                    text=True,
                    check=False,
                )
            if not done.returncode:
                break
            output = done.stdout + done.stderr
            if "database is locked" not in output or attempt == BACKFILL_ATTEMPTS:
                # The line of a traceback that names the error
                *_, why = re.findall(r"^[\w.]+: .+", output, re.M) or [output[-500:]]
                raise processes.ServiceError(f"Airflow refused the backfill: {why}")
            # One was halted while it wrote; Airflow leaves part of a backfill, which is in the way
            _end_marked_runs(airflow)
        # A DAG has one unfinished backfill at most
        [created] = airflow.unfinished_backfills(DAG_ID)
        since = datetime.fromisoformat(created["created_at"])
        # Airflow answers 500 to a date without time and zone
        dates = {"logical_date_gte": f"{first}T00:00:00Z", "logical_date_lte": f"{last}T00:00:00Z"}
        followers: dict[str, Follower] = {}
        ended: set[str] = set()
        while True:
            stack.check()
            runs = [
                run
                for run in airflow.runs(DAG_ID, **dates, run_type=["backfill"])
                if run["queued_at"] and datetime.fromisoformat(run["queued_at"]) >= since
            ]
            for run in runs:
                run_id = run["dag_run_id"]
                if run["state"] == "queued" or run_id in ended:
                    continue
                if run_id not in followers:
                    stack.say(f"Run {run_id}")
                    followers[run_id] = Follower(airflow, run_id, stack.say)
                followers[run_id].poll()
                if run["state"] in RUN_ENDED:
                    ended.add(run_id)
            if len(ended) == len(runs):
                return sorted(runs, key=lambda run: str(run["logical_date"]))
            time.sleep(POLL_SECONDS)


@contextmanager
def _no_other_run(airflow: AirflowApi) -> Iterator[None]:
    """End what a killed launcher has left unfinished in Airflow, and later what this one leaves."""
    _end_marked_runs(airflow)
    try:
        yield
    finally:
        with suppress(requests.RequestException):
            _end_marked_runs(airflow)


def _end_marked_runs(airflow: AirflowApi) -> None:
    for found in airflow.unfinished_backfills(DAG_ID):
        if MARK.items() <= (found["dag_run_conf"] or {}).items():
            airflow.cancel_backfill(found["id"])
    for run in airflow.runs(DAG_ID, state=["queued", "running"]):
        if MARK.items() <= (run["conf"] or {}).items():
            airflow.fail_run(DAG_ID, run["dag_run_id"])
