"""A Snowflake with the project's schemas, in which tests load hours and run dbt."""

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
import snowflake.connector
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.results import NodeResult
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from snowflake.connector import OperationalError, SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
TABLES = "+config.materialized:change_set"
"""dbt's selection of the models that hold rows of their own, and of views that these read."""

LINES_PER_INSERT = 1000

Event = dict[str, Any]


def read_hour(path: Path) -> list[Event]:
    """Return the events of an archive file, in its order."""
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def utc(event: Event) -> datetime:
    """Return the UTC time of an event, without a zone."""
    text = event["created_at"].replace("/", "-").replace(" -", "-")
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def dates_of(events: Sequence[Event]) -> set[str]:
    """Return the UTC dates of the events that have one."""
    dates = set()
    for event in events:
        with suppress(ValueError, AttributeError, OverflowError):
            dates.add(utc(event).date().isoformat())
    return dates


class Warehouse:
    """Loads hours as the loader does, builds with dbt, and reads tables."""

    def __init__(self, connection: SnowflakeConnection, manifest: Manifest, scratch: Path) -> None:
        """`manifest` spares dbt the parsing; `scratch` takes its target and logs."""
        self.connection = connection
        self.manifest = manifest
        self.scratch = scratch
        self.sent: dict[str, None] = {}
        """The statements of dbt's runs, each once, but for those of its unit tests."""
        self.load_seq = 0
        self.loaded_dates: dict[str, set[str]] = {}
        self.saved_dates: dict[str, set[str]] = {}

    def load(self, files: Mapping[str, Sequence[Event]]) -> None:
        """Replace these files (`yyyy/MM/dd/HH.json.gz`) in one load transaction."""
        self.load_seq += 1
        with self.connection.cursor() as cursor:
            cursor.execute("begin")
            for name, events in files.items():
                cursor.execute("delete from bronze.BronzeRaw where file_name = ?", (name,))
                for start in range(0, len(events), LINES_PER_INSERT):
                    cursor.execute(
                        "insert into bronze.BronzeRaw"
                        " (event, file_name, file_row_number, content_key, loaded_at)"
                        " select lines.value, ?, lines.index + ?, ?, sysdate()"
                        " from table(flatten(input => parse_json(?))) as lines",
                        (
                            name,
                            start + 1,
                            str(self.load_seq),
                            json.dumps(events[start : start + LINES_PER_INSERT]),
                        ),
                    )
                cursor.execute(
                    "insert into ledger.loads (load_seq, load_id, loaded_at, file_name, file_hour,"
                    " verdict, source_url, filter_fingerprint, content_key, lines_read, rows_kept,"
                    " rows_dropped, rows_quarantined, rows_loaded, outcome)"
                    " select ?, 'load', sysdate(), ?,"
                    " to_timestamp_ntz(?, 'YYYY-MM-DD HH24:MI:SS'), 'published', 'url',"
                    " 'types', ?, ?, ?, 0, 0, ?, parse_json('{}')",
                    (
                        self.load_seq,
                        name,
                        datetime.strptime(name, "%Y/%m/%d/%H.json.gz").isoformat(sep=" "),
                        str(self.load_seq) if events else None,
                        *[len(events)] * 3,
                    ),
                )
                dates = dates_of(events)
                for date in sorted(dates | self.loaded_dates.get(name, set())):
                    cursor.execute(
                        "insert into ledger.load_dates (load_seq, file_name, event_date)"
                        " select ?, ?, to_date(?, 'YYYY-MM-DD')",
                        (self.load_seq, name, date),
                    )
                self.loaded_dates[name] = dates
            cursor.execute("commit")

    def drop_ledger_rows(self, name: str) -> None:
        """Forget that a file was loaded, as an operator does to have it loaded again."""
        self.query("delete from ledger.loads where file_name = ?", name)

    def dbt(self, command: str, *arguments: str) -> None:
        """Run a dbt command that must succeed."""
        failures = self.dbt_failures(command, *arguments)
        assert not failures, failures

    def dbt_failures(self, command: str, *arguments: str) -> dict[str, str | None]:
        """Run a dbt command; return the models and tests that failed, with their messages."""
        return {
            node.node.name: node.message
            for node in self.dbt_results(command, *arguments)
            if node.status in ("error", "fail")
        }

    def dbt_results(self, command: str, *arguments: str) -> Sequence[NodeResult]:
        """Run a dbt command; return what became of each model and test."""
        where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        made = ["--target-path", str(self.scratch), "--log-path", str(self.scratch)]
        runner = dbtRunner(self.manifest, callbacks=[self._record])
        run = runner.invoke([command, *arguments, *where, *made, "--quiet"])
        if run.exception:
            raise run.exception
        return cast(RunExecutionResult, run.result).results

    def _record(self, event: EventMsg) -> None:
        if event.info.name == "SQLQuery" and not event.data.node_info.unique_id.startswith(
            "unit_test."
        ):
            self.sent[event.data.sql] = None

    def query(self, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, binds or None)
            return [tuple(row) for row in cursor.fetchall()]

    def tables(self) -> dict[str, str]:
        """Return the schema of each table that dbt makes."""
        return {
            node["alias"]: node["schema"]
            for node in self.models().values()
            if node["config"]["materialized"] == "change_set"
        }

    def models(self) -> dict[str, dict[str, Any]]:
        """Return dbt's nodes of the models, by their names."""
        nodes = self.manifest.nodes.values()
        return {node.name: node.to_dict() for node in nodes if node.resource_type == NodeType.Model}

    def snapshot(self, tables: Sequence[str] = (TABLES,)) -> dict[str, list[str]]:
        """Return the rows of tables that dbt makes, in an order that doesn't matter."""
        return {
            table: sorted(map(repr, self.query(f"select * from {schema}.{table}")))
            for table, schema in self.tables().items()
            if table in tables or TABLES in tables
        }

    def save(self) -> None:
        """Remember all rows and watermarks."""
        for table in self._filled():
            self.query(f"create or replace table {table}_saved as select * from {table}")
        self.saved_dates = dict(self.loaded_dates)

    def restore(self) -> None:
        """Go back to what was saved."""
        for table in self._filled():
            self.query(f"delete from {table}")
            self.query(f"insert into {table} select * from {table}_saved")
        self.loaded_dates = dict(self.saved_dates)

    def _filled(self) -> list[str]:
        ledger = ("ledger.loads", "ledger.load_dates", "ledger.model_watermarks")
        models = (f"{schema}.{table}" for table, schema in self.tables().items())
        return ["bronze.BronzeRaw", *ledger, *models]

    def watermarks(self) -> list[tuple[Any, ...]]:
        """Return every watermark ever recorded."""
        return self.query("select model, load_seq from ledger.model_watermarks order by 1, 2")


def connected_as_the_dag() -> SnowflakeConnection:
    """Log in as the DAG does: a warehouse's own connection binds in another style."""
    return snowflake.connector.connect(
        account=os.environ["SNOWFLAKE_ACCOUNT"],
        host=os.environ["SNOWFLAKE_HOST"],
        port=int(os.environ["SNOWFLAKE_PORT"]),
        protocol=os.environ["SNOWFLAKE_PROTOCOL"],
        user=os.environ["SNOWFLAKE_USER"],
        authenticator="SNOWFLAKE_JWT",
        private_key_file=os.environ["SNOWFLAKE_PRIVATE_KEY_PATH"],
        role=os.environ["SNOWFLAKE_ROLE"],
        database="GHARCHIVE",
    )


@contextmanager
def killed_at_write(number: int) -> Iterator[None]:
    """Let every statement fail from the numbered BEGIN, DELETE, INSERT or COMMIT on.

    As if the client had died: what it had not committed, the server rolls back.
    """
    execute = SnowflakeCursor.execute
    writes = count()
    died = False

    def execute_until_killed(self: SnowflakeCursor, command: str, *given: Any, **named: Any) -> Any:
        nonlocal died
        is_write = re.match(
            r"(?:\s|--.*\n)*(?:begin|delete|insert|commit)\b", command, re.IGNORECASE
        )
        died = died or bool(is_write and next(writes) == number)
        if died:
            raise OperationalError("killed")
        return execute(self, command, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SnowflakeCursor, "execute", execute_until_killed)
        yield


def hour_name(hour: datetime) -> str:
    """Return the blob name of a file hour."""
    return hour.strftime("%Y/%m/%d/%H.json.gz")


def hours(first: datetime, count: int) -> list[str]:
    """Return the blob names of consecutive file hours."""
    return [hour_name(first + timedelta(hours=number)) for number in range(count)]
