"""The stand-in, with an account of what each statement scans.

`python -m bench.dbt.profiled --port P --database FILE.duckdb --profile FILE.jsonl` serves as
`snowflake_stand_in` does, and writes a line for each statement.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast
from unittest.mock import patch

import duckdb
import msgspec
from snowflake_stand_in.composition import open_account
from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.statement import StatementCursor

from snowflake_stand_in import __main__ as stand_in

ROW_GROUP = 2048
"""DuckDB's smallest: a simulated day is small, and one row group of it must not hide many days."""
_NODE = re.compile(r'"node_id": "([^"]+)"')


class Scan(NamedTuple):
    """A read of a table: the rows of the row groups it opened, and those it passed on."""

    table: str
    rows: int
    rows_read: int


class Statement(msgspec.Struct, frozen=True):
    """A statement as the client sent it: dbt's node if dbt did, seconds at the server, scans."""

    node: str | None
    text: str
    seconds: float
    duckdb_seconds: float
    scans: list[Scan]


class _Connection:
    """A DuckDB connection that remembers what its queries scan."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("set enable_profiling = 'no_output'")
        self._connection = connection
        self.scans: list[Scan] = []
        self.seconds = 0.0

    def execute(self, *arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        began = time.perf_counter()
        result = self._connection.execute(*arguments, **options)
        self.seconds += time.perf_counter() - began
        profile = self._connection.get_profiling_information()
        self.scans += _scans(json.loads(profile).get("operator", ())) if profile else ()
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Cursor(StatementCursor):
    """Writes a line for each statement."""

    def execute(self, command: str, *arguments: Any, **options: Any) -> StatementCursor:
        connection = cast(_Connection, self._duck_conn)
        connection.scans, connection.seconds = [], 0.0
        began = time.perf_counter()
        super().execute(command, *arguments, **options)
        seconds = time.perf_counter() - began
        found = _NODE.search(command)
        statement = Statement(
            found and found[1], command, seconds, connection.seconds, connection.scans
        )
        profile = cast(_Account, self.session.account).profile
        profile.write(msgspec.json.encode(statement) + b"\n")
        profile.flush()
        return self


class _Account(Account):
    profile: IO[bytes]
    row_group = ROW_GROUP

    def connection(self) -> duckdb.DuckDBPyConnection:
        return cast(duckdb.DuckDBPyConnection, _Connection(super().connection()))


def _scans(operators: list[dict[str, Any]]) -> Iterator[Scan]:
    """Find the reads of tables in files, at any depth; in memory lie settings and new rows."""
    for operator in operators:
        yield from _scans(operator.get("children", []))
        if "rows_scanned" in operator:
            table = str(operator["extra_info"].get("Table", ""))
            yield Scan(table, operator["rows_scanned"], operator["intermediate_rows"])


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.dbt.profiled", description=__doc__)
    parser.add_argument("--profile", type=Path, required=True)
    options, rest = parser.parse_known_args()
    with (
        options.profile.open("ab") as _Account.profile,
        patch.object(sys, "argv", [parser.prog, *rest]),
    ):
        stand_in.main(lambda file: open_account(file, _Account, _Cursor))


if __name__ == "__main__":
    main()
