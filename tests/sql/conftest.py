"""One local stack without Airflow for the whole room; each test has days of its own."""

import gzip
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from snowflake.connector import SnowflakeConnection

from include.ingest import DROPPED_TYPES, Containers, IngestSettings, ingest_hour
from local.gharchive.simulator import simulate
from local.launcher.layout import Layout
from local.launcher.source import Source
from local.launcher.stack import Stack

Outcome = dict[str, Any]


@dataclass(frozen=True)
class Archive:
    """A source of hours that we write, and ingest from it."""

    folder: Path
    url: str
    blob: BlobServiceClient
    prefix: str = "gharchive"
    """What the containers' names begin with."""

    def publish(self, hour: datetime, lines: Iterable[bytes]) -> None:
        """Put an hour into the archive, or another version of it."""
        path = self.folder / f"{hour:%Y-%m-%d}-{hour.hour}.json.gz"
        path.write_bytes(gzip.compress(b"".join(lines), mtime=0))

    def ingest(self, *hours: datetime) -> list[Outcome]:
        """Bring hours into Blob storage; return their outcomes as the DAG passes them on."""
        containers = Containers.opened(self.blob.get_container_client, prefix=f"{self.prefix}-")
        settings = IngestSettings(base_url=self.url)
        return [ingest_hour(hour, settings, containers).to_dict() for hour in hours]

    def ingested(self, *hours: datetime, seed: int = 1) -> list[Outcome]:
        """Publish simulated versions of hours and ingest them."""
        for hour in hours:
            self.publish(hour, lines_of(hour, seed))
        return self.ingest(*hours)

    def delete_blob(self, outcome: Outcome) -> None:
        """Delete an hour's blob behind everyone's back."""
        self.blob.get_blob_client(f"{self.prefix}-events", outcome["blob_name"]).delete_blob()


def lines_of(hour: datetime, seed: int = 1) -> list[bytes]:
    """Return a small simulated hour."""
    return list(simulate(hour, seed=seed, events_per_hour=100))


def kept(lines: Iterable[bytes]) -> list[Any]:
    """Return the events that ingest keeps of these lines."""
    events = [json.loads(line) for line in lines]
    return [event for event in events if event["type"] not in DROPPED_TYPES]


@dataclass(frozen=True)
class Tables:
    """Questions to Snowflake."""

    connection: SnowflakeConnection

    def run(self, sql: str, *binds: object) -> list[tuple[Any, ...]]:
        """Run a statement and fetch its rows."""
        cursor = self.connection.cursor()
        cursor.execute(sql, binds or None)
        return list(cursor.fetchall())

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return everything that loads write."""
        return {
            table: sorted(self.run(f"select * from {table}"), key=repr)
            for table in (
                "bronze.BronzeRaw",
                "ledger.loads",
                "ledger.load_dates",
                "ledger.load_lock",
            )
        }

    def events(self, outcome: Outcome, source: str = "bronze.events_current") -> list[Any]:
        """Return an hour's events in the order of its lines."""
        rows = self.run(
            f"select event from {source} where file_name = %s order by file_row_number",
            outcome["blob_name"],
        )
        return [json.loads(event) for (event,) in rows]

    def pipe(self, outcome: Outcome) -> None:
        """Put an hour's rows into Bronze as Snowpipe does: with no load, nor a ledger row."""
        self.run(
            "copy into bronze.BronzeRaw (event, file_name, file_row_number, content_key, "
            "file_last_modified, loaded_at) from (select $1, metadata$filename, "
            "metadata$file_row_number, metadata$file_content_key, "
            "metadata$file_last_modified::timestamp_ntz, metadata$start_scan_time::timestamp_ntz "
            f"from @bronze.gharchive_stage) files = ('{outcome['blob_name']}') "
            "file_format = (type = json compression = gzip allow_duplicate = true) force = true"
        )

    def loads(self, outcome: Outcome) -> list[tuple[Any, ...]]:
        """Return load_seq, verdict and rows_loaded of an hour's ledger rows, oldest first."""
        return self.run(
            "select load_seq, verdict, rows_loaded from ledger.loads where file_name = %s "
            "order by load_seq",
            outcome["blob_name"],
        )

    def dates(self, outcome: Outcome, load_seq: int) -> set[str]:
        """Return the event dates that a load recorded for an hour."""
        rows = self.run(
            "select event_date::varchar from ledger.load_dates "
            "where file_name = %s and load_seq = %s",
            outcome["blob_name"],
            load_seq,
        )
        return {event_date for (event_date,) in rows}


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder whose hours the local archive serves."""
    return tmp_path_factory.mktemp("hours")


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Stack]:
    """Start the stand-ins."""
    stack = Stack(Layout(tmp_path_factory.mktemp("stack")))
    try:
        source = Source("hours of our own", route="folder", folder=str(folder))
        stack.start(source, with_airflow=False)
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="package")
def archive(stack: Stack, folder: Path) -> Iterator[Archive]:
    with stack.connect_blob() as blob:
        yield Archive(folder, f"http://127.0.0.1:{stack.ports['gharchive']}/folder", blob)


@pytest.fixture
def connection(stack: Stack) -> Iterator[SnowflakeConnection]:
    """Log in as the DAG's load does."""
    with stack.connect_snowflake() as connection:
        yield connection


@pytest.fixture
def tables(stack: Stack) -> Iterator[Tables]:
    """Look at the tables from a session of our own."""
    with stack.connect_snowflake() as connection:
        yield Tables(connection)


_days = itertools.count()


@pytest.fixture
def day() -> datetime:
    """Return a day that no other test has touched."""
    return datetime(2016, 3, 1) + timedelta(days=next(_days))


@pytest.fixture
def hours(day: datetime) -> Sequence[datetime]:
    """Return three hours of the day; the first begins with stragglers of the day before."""
    return [day + timedelta(hours=hour) for hour in (0, 9, 17)]
