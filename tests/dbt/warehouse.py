"""A Snowflake with the project's schemas, in which tests load hours and run dbt."""

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from snowflake.connector import SnowflakeConnection

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
TABLES = {
    "silver": ["event_rows", "events", "actors", "repositories"],
    "gold": [
        "daily_activity",
        "event_trends",
        "top_repositories",
        "top_users",
        "file_reconciliation",
        "date_reconciliation",
    ],
}
LINES_PER_INSERT = 1000

Event = dict[str, Any]


def read_hour(path: Path) -> list[Event]:
    """Return the events of an archive file, in its order."""
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def utc(event: Event) -> datetime:
    """Return the UTC time of an event, without a zone."""
    return datetime.fromisoformat(event["created_at"]).astimezone(UTC).replace(tzinfo=None)


class Warehouse:
    """Loads hours as the loader does, builds with dbt, and reads tables."""

    def __init__(self, connection: SnowflakeConnection, scratch: Path) -> None:
        """`scratch` takes dbt's target and logs."""
        self.connection = connection
        self.scratch = scratch
        self.load_seq = 0
        self.loaded_dates: dict[str, set[str]] = {}

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
                    " select ?, 'load', sysdate(), ?, cast(? as timestamp_ntz), 'published', 'url',"
                    " 'types', ?, ?, ?, 0, 0, ?, parse_json('{}')",
                    (
                        self.load_seq,
                        name,
                        datetime.strptime(name, "%Y/%m/%d/%H.json.gz").isoformat(sep=" "),
                        str(self.load_seq) if events else None,
                        *[len(events)] * 3,
                    ),
                )
                dates = {utc(event).date().isoformat() for event in events}
                for date in sorted(dates | self.loaded_dates.get(name, set())):
                    cursor.execute(
                        "insert into ledger.load_dates (load_seq, file_name, event_date)"
                        " select ?, ?, cast(? as date)",
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
        where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        made = ["--target-path", str(self.scratch), "--log-path", str(self.scratch)]
        run = dbtRunner().invoke([command, *arguments, *where, *made, "--quiet"])
        if run.exception:
            raise run.exception
        return {
            node.node.name: node.message
            for node in cast(RunExecutionResult, run.result).results
            if node.status in ("error", "fail")
        }

    def query(self, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, binds or None)
            return [tuple(row) for row in cursor.fetchall()]

    def snapshot(self) -> dict[str, list[str]]:
        """Return the rows of every table that dbt makes, in an order that doesn't matter."""
        return {
            table: sorted(map(repr, self.query(f"select * from {schema}.{table}")))
            for schema, tables in TABLES.items()
            for table in tables
        }

    def watermarks(self) -> list[tuple[Any, ...]]:
        """Return every watermark ever recorded."""
        return self.query("select model, load_seq from ledger.model_watermarks order by 1, 2")


def hour_name(hour: datetime) -> str:
    """Return the blob name of a file hour."""
    return hour.strftime("%Y/%m/%d/%H.json.gz")


def hours(first: datetime, count: int) -> list[str]:
    """Return the blob names of consecutive file hours."""
    return [hour_name(first + timedelta(hours=number)) for number in range(count)]
