"""The product's day without Airflow: `python -m bench.day.product DAY SOURCE CONTAINER [--tests]`.

SOURCE and CONTAINER are URLs. It does what the DAG's tasks do, one after the other, and prints what
each stage took as JSON. With `--tests` each model's tests follow it, as in the DAG.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from snowflake.connector import connect

from include.sql.load import load_hours
from local.setup import paths

PROJECT = paths.ROOT / "include" / "dbt"
RUN = ("run",)
RUN_AND_TEST = ("build", "--exclude-resource-type", "unit_test", "--exclude", "tag:full_scan")
THREADS = 2
"""As many as the DAG's pool of the models has slots on a laptop."""


class Times(NamedTuple):
    """Seconds from start to end, by stage, and by model."""

    wall: float
    stages: Mapping[str, float]
    models: Mapping[str, float]


def main(day: str, source_url: str, container_url: str, *options: str) -> None:
    """Take a day from the archive to Gold."""
    began = time.perf_counter()
    stages: dict[str, float] = {}
    outcomes = _ingest(day, source_url, container_url)
    stages["ingest"] = time.perf_counter() - began
    with connect(
        account="gharchive",
        user="GHARCHIVE_LOADER",
        role="GHARCHIVE_LOADER",
        warehouse="GHARCHIVE_LOAD",
        database="GHARCHIVE",
        host=os.environ["SNOWFLAKE_HOST"],
        port=int(os.environ["SNOWFLAKE_PORT"]),
        authenticator="SNOWFLAKE_JWT",
        private_key_file=os.environ["SNOWFLAKE_PRIVATE_KEY_PATH"],
    ) as connection:
        load_hours(connection, outcomes)
    stages["load"] = time.perf_counter() - began - sum(stages.values())
    with TemporaryDirectory() as logs:
        models = _dbt(RUN_AND_TEST if "--tests" in options else RUN, logs)
    stages["models"] = time.perf_counter() - began - sum(stages.values())
    print(json.dumps(Times(time.perf_counter() - began, stages, models)._asdict()))


def _ingest(day: str, source_url: str, container_url: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "include.ingest", f"{day}T00..{day}T23", "--json"]
    done = subprocess.run(
        [*command, "--base-url", source_url, "--to", container_url],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _dbt(command: tuple[str, ...], logs: str) -> dict[str, float]:
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--log-path", logs]
    done = dbtRunner().invoke([*command, "--threads", str(THREADS), "--quiet", *where])
    if done.exception:
        raise done.exception
    results = cast(RunExecutionResult, done.result).results
    # Exposures are no-ops
    if failed := [r for r in results if r.status not in ("success", "pass", "warn", "no-op")]:
        raise RuntimeError("\n".join(f"{r.node.name}: {r.message}" for r in failed))
    return {
        r.node.name: r.execution_time for r in results if r.node.resource_type == NodeType.Model
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
