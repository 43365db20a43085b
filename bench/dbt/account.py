"""Accounts whose days are ingested, loaded and built as the DAG does, and watched meanwhile."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast
from unittest.mock import patch

import duckdb
import msgspec
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from snowflake.connector import SnowflakeConnection
from snowflake_stand_in.testing import StandIn

from bench.dbt.profiled import Statement
from bench.ingest.rows import serving
from include.ingest import Containers, IngestSettings, ingest_hour
from include.sql.load import load_hours
from local.gharchive.hours import hour_file, name_of
from local.setup import paths
from tests import deployment
from tests.blob_storage import ACCOUNT, Storage, running_azurite

PROJECT = paths.ROOT / "include" / "dbt"
HOURS = (8, 16)
"""The files of a simulated day; their stragglers are of the same day."""
WEEKEND = 5
DATABASE = "gharchive.duckdb"


class Source:
    """Simulated hours, as many events on a Sunday as on a Monday, and the Blob for them."""

    def __init__(self, hours: Path, events_per_hour: int, url: str, storage: Storage) -> None:
        self.storage = storage
        self._hours = hours
        self._events_per_hour = events_per_hour
        self._settings = IngestSettings(base_url=url)
        self._containers = Containers.opened(storage.owner.get_container_client)

    def ingest(self, hour: datetime) -> dict[str, Any]:
        """Bring an hour into Blob; return its outcome."""
        file = self._hours / name_of(hour)
        if not file.exists():
            is_weekend = hour.weekday() >= WEEKEND
            events = self._events_per_hour * 4 // 3 if is_weekend else self._events_per_hour
            file.write_bytes(hour_file(hour, events_per_hour=events))
        return ingest_hour(hour, self._settings, self._containers).to_dict()


@contextmanager
def simulated(cache: Path, events_per_hour: int, scratch: Path) -> Iterator[Source]:
    """Serve hours that are kept in `cache`, and run an Azurite in `scratch`."""
    hours = cache / f"hours-of-{events_per_hour}"
    hours.mkdir(parents=True, exist_ok=True)
    with serving(hours) as url, running_azurite(scratch / "azurite") as storage:
        for role in (*Containers._fields, "models"):
            storage.owner.create_container(f"gharchive-{role}")
        yield Source(hours, events_per_hour, url, storage)


class Run(NamedTuple):
    """What a load and the run of dbt after it took: seconds by dbt's node, and all statements."""

    rows: int
    seconds: Mapping[str, float]
    statements: Sequence[Statement]


class Account:
    """A stand-in in `folder` that has loaded some days of `source`, and dbt's target beside it."""

    def __init__(self, folder: Path, source: Source) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._source = source
        self._profile = folder / "profile.jsonl"
        self._running = ExitStack()

    def __enter__(self) -> Account:
        """Start the stand-in."""
        with ExitStack() as started:
            self._environment, self._connection = started.enter_context(self._snowflake())
            self._running = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._running.close()

    def copied(self, folder: Path) -> Account:
        """Return a copy, made while this one is stopped."""
        shutil.copytree(self.folder, folder)
        # The account knows its databases by their files' whole names
        with duckdb.connect(str(folder / f"{DATABASE}.account")) as account:
            account.execute("update main.databases set file = ?", [str(folder / DATABASE)])
        return Account(folder, self._source)

    def run(self, first: datetime, days: int = 1, *arguments: str) -> Run:
        """Load days in one transaction, and run the models that `arguments` select."""
        seen = self._profile.stat().st_size
        hours = [first + timedelta(days=day, hours=hour) for day in range(days) for hour in HOURS]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(self._source.ingest, hours))
        rows = load_hours(self._connection, outcomes).rows
        seconds = self._dbt("run", *arguments)
        with self._profile.open("rb") as profile:
            profile.seek(seen)
            statements = [msgspec.json.decode(line, type=Statement) for line in profile]
        return Run(rows, seconds, statements)

    def _dbt(self, command: str, *arguments: str) -> Mapping[str, float]:
        where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        made = ["--target-path", str(self.folder), "--log-path", str(self.folder)]
        # One at a time, so that one's time is not another's
        alone = ["--threads", "1", "--quiet"]
        with patch.dict(os.environ, self._environment):
            done = dbtRunner().invoke([command, *arguments, *where, *made, *alone])
        if done.exception:
            raise done.exception
        results = cast(RunExecutionResult, done.result).results
        if failed := [result for result in results if result.status != "success"]:
            raise RuntimeError("\n".join(f"{r.node.name}: {r.message}" for r in failed))
        return {result.node.unique_id: result.execution_time for result in results}

    @contextmanager
    def _snowflake(self) -> Iterator[tuple[dict[str, str], SnowflakeConnection]]:
        profiled = (sys.executable, "-m", "bench.dbt.profiled", "--profile", str(self._profile))
        with StandIn(self.folder / DATABASE, program=profiled) as server:
            deployment.deploy(self.folder, server.address, _settings(self._source.storage))
            with server.connect(
                user="loader", private_key_file=str(paths.SNOWFLAKE_KEY), database="GHARCHIVE"
            ) as connection:
                yield _environment(server.port), connection


def _environment(port: int) -> dict[str, str]:
    """Return what dbt's profile reads."""
    return {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_USER": "transformer",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(paths.SNOWFLAKE_KEY),
        "SNOWFLAKE_ROLE": "GHARCHIVE_TRANSFORMER",
        "SNOWFLAKE_WAREHOUSE": "GHARCHIVE_TRANSFORM",
        "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": "false",
    }


def _settings(storage: Storage) -> dict[str, str]:
    """Return what the deployment reads."""
    return {
        "GHARCHIVE_STORAGE_URL": f"azure://{storage.address}/{ACCOUNT}",
        **{
            f"GHARCHIVE_{stage}_SAS_TOKEN": storage.sas("rl")
            for stage in ("EVENTS", "OUTCOMES", "MODELS")
        },
    }
