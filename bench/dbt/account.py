"""Accounts whose days are ingested, loaded and built as the DAG does, and watched meanwhile."""

from __future__ import annotations

import json
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

from bench.day.product import RUN, RUN_AND_TEST
from bench.dbt.groups import ALS, DAG, DBT, LOAD
from bench.dbt.profiled import Statement
from bench.ingest.rows import serving
from include.als.plan import plan_model
from include.als.read import QUERY
from include.ingest import Containers, IngestSettings, ingest_hour
from include.sql.load import load_hours
from include.sql.news import find_news, record_completion
from include.sql.odd_values import odd_values
from local.gharchive.hours import hour_file, name_of
from local.setup import paths
from tests import deployment
from tests.blob_storage import ACCOUNT, Storage, running_azurite

PROJECT = paths.ROOT / "include" / "dbt"
HOURS = (8, 16)
"""The files of a simulated day; their stragglers are of the same day."""
WEEKEND = 5
DATABASE = "gharchive.duckdb"
BATCH_ROWS = 150_000
QUIETLY = ("--threads", "2", "--quiet")


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


class Day(NamedTuple):
    """What was sent on a day, by what sent it; the rows that were loaded, and those of views."""

    date: datetime
    rows: int
    statements: Mapping[str, Sequence[Statement]]
    returned: Mapping[str, int]


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

    @property
    def database(self) -> Path:
        """The file of DuckDB that holds its tables, to be read while it is stopped."""
        return self.folder / DATABASE

    def copied(self, folder: Path) -> Account:
        """Return a copy, made while this one is stopped."""
        shutil.copytree(self.folder, folder)
        # The account knows its databases by their files' whole names
        with duckdb.connect(str(folder / f"{DATABASE}.account")) as account:
            account.execute("update main.databases set file = ?", [str(folder / DATABASE)])
        return Account(folder, self._source)

    def load(self, first: datetime, days: int = 1) -> int:
        """Load days in one transaction; return their rows."""
        hours = [first + timedelta(days=day, hours=hour) for day in range(days) for hour in HOURS]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(self._source.ingest, hours))
        return load_hours(self._connection, outcomes).rows

    def rebuild(self) -> None:
        """Build Silver and Gold of all that is loaded, in order."""
        self._dbt("run", "--full-refresh")

    def day(self, day: datetime, *, with_tests: bool) -> Day:
        """Do what the DAG does of a day, all but train; have each view of Gold read once.

        Without tests it only makes the tables, and nobody reads the views.
        """
        at = self._profile.stat().st_size
        statements: dict[str, Sequence[Statement]] = {}
        returned: dict[str, int] = {}

        def seen(part: str) -> None:
            nonlocal at
            with self._profile.open("rb") as profile:
                profile.seek(at)
                decode = msgspec.json.Decoder(Statement).decode
                statements[part] = [*statements.get(part, ()), *map(decode, profile)]
                at = profile.tell()

        rows = self.load(day)
        seen(LOAD)
        news = find_news(self._connection, PROJECT, "")
        seen(DAG)
        self._dbt(*(RUN_AND_TEST if with_tests else RUN))
        seen(DBT)
        odd_values(self._connection, [f"{day:%Y-%m-%dT%H}"])
        plan_model(self._connection, f"{day:%Y-%m-%d}", {})
        record_completion(self._connection, news)
        seen(DAG)
        cursor = self._connection.cursor()
        cursor.execute(QUERY)
        seen(ALS)
        for view in self.views() if with_tests else ():
            cursor.execute(f"select * from {view}")
            returned[view] = cursor.rowcount or 0
            seen(view)
        return Day(day, rows, statements, returned)

    def views(self) -> list[str]:
        """Name the views of Gold."""
        nodes = json.loads((self.folder / "manifest.json").read_bytes())["nodes"].values()
        return sorted(
            f"gold.{node['alias']}".lower()
            for node in nodes
            if node["config"]["materialized"] == "view" and node["schema"].lower() == "gold"
        )

    def _dbt(self, command: str, *arguments: str) -> None:
        where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        made = ["--target-path", str(self.folder), "--log-path", str(self.folder)]
        with patch.dict(os.environ, self._environment):
            done = dbtRunner().invoke([command, *arguments, *where, *made, *QUIETLY])
        if done.exception:
            raise done.exception
        results = cast(RunExecutionResult, done.result).results
        # Exposures are no-ops
        fine = ("success", "pass", "warn", "no-op")
        if failed := [result for result in results if result.status not in fine]:
            raise RuntimeError("\n".join(f"{r.node.name}: {r.message}" for r in failed))

    @contextmanager
    def _snowflake(self) -> Iterator[tuple[dict[str, str], SnowflakeConnection]]:
        profiled = (sys.executable, "-m", "bench.dbt.profiled", "--profile", str(self._profile))
        is_new = not self.database.exists()
        with StandIn(self.database, program=profiled) as server:
            if is_new:
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
        # Five years at once are more than DuckDB may hold in memory
        "GHARCHIVE_BATCH_ROWS": str(BATCH_ROWS),
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
