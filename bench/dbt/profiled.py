"""The stand-in, with an account of what each statement scans and writes.

`python -m bench.dbt.profiled --port P --database FILE.duckdb --profile FILE.jsonl` serves as
`snowflake_stand_in` does, and writes a line for each statement.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
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
DATABASE = "GHARCHIVE"
"""The product's; what else the stand-in asks of DuckDB is none of the statement's reading."""
_NODE = re.compile(r'"node_id": "([^"]+)"')
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*\n", re.DOTALL)
_ANALYZE = "explain (analyze, format json) "
_BEGIN = r"^(?:\s|/\*.*?\*/|--[^\n]*\n)*"
_QUERY = re.compile(
    _BEGIN + rf"[(\s]*(?:select|with|from)\b.*\b{DATABASE}\b", re.IGNORECASE | re.DOTALL
)
_TARGET = re.compile(
    _BEGIN + r"(?:with\b.*[)]\s*)?(?:insert into|delete from|update|create (?:or replace )?table)"
    r"\s+([\w$.\"]+)",
    re.IGNORECASE | re.DOTALL,
)
_WRITERS = re.compile(r"INSERT|DELETE|UPDATE|CREATE_TABLE_AS")


class Scan(NamedTuple):
    """A read of a table: rows of the row groups it opened, rows passed on, columns, filters."""

    table: str
    opened: int
    passed: int
    columns: list[str]
    filters: list[str]

    @property
    def rows(self) -> int:
        """The rows it opened, but of its first and last row group those alone that it passed on.

        Days share these two, the more of them the smaller a day is.
        """
        return self.opened - min(self.opened - self.passed, 2 * ROW_GROUP)


class Write(NamedTuple):
    """Rows that were inserted into, deleted from or changed in a table."""

    table: str
    rows: int


class Statement(msgspec.Struct, frozen=True):
    """A statement as the client sent it, how it begins; dbt's node if dbt sent it."""

    node: str | None
    text: str
    scans: list[Scan]
    writes: list[Write]


class _Connection:
    """A DuckDB connection that remembers what its statements scan and write."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("set enable_profiling = 'no_output'")
        self._connection = connection
        self._scans: list[Scan] = []
        self._writes: list[Write] = []

    def execute(self, query: Any, *arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        text = str(query)
        if _QUERY.match(text) and not _TARGET.search(text):
            # Its rows flow when they are fetched, and as Arrow they leave no profile: twice, then
            explained = self._connection.execute(_ANALYZE + text, *arguments, **options)
            self._look(explained.fetchall()[0][1])
            return self._connection.execute(query, *arguments, **options)
        result = self._connection.execute(query, *arguments, **options)
        self._look(self._connection.get_profiling_information(), _TARGET.search(text))
        return result

    def seen(self) -> tuple[list[Scan], list[Write]]:
        """Return what was seen since it was asked last."""
        seen = self._scans, self._writes
        self._scans, self._writes = [], []
        return seen

    def _look(self, profile: str | None, target: re.Match[str] | None = None) -> None:
        operators = json.loads(profile).get("operator", []) if profile else []
        self._scans += _scans(operators)
        if target:
            rows = sum(_written(operators))
            self._writes.append(Write(target[1].replace('"', ""), rows))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Cursor(StatementCursor):
    """Writes a line for each statement."""

    def execute(self, command: str, *arguments: Any, **options: Any) -> StatementCursor:
        connection = cast(_Connection, self._duck_conn)
        connection.seen()
        super().execute(command, *arguments, **options)
        found = _NODE.search(command)
        text = _COMMENT.sub("", command).strip()[:200]
        statement = Statement(found and found[1], text, *connection.seen())
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
    """Find the reads of tables, at any depth; what isn't in a file has no name."""
    for operator in operators:
        yield from _scans(operator.get("children", []))
        if "rows_scanned" in operator:
            info = operator["extra_info"]
            yield Scan(
                info.get("Table", ""),
                operator["rows_scanned"],
                operator["intermediate_rows"],
                _listed(info.get("Projections")),
                _listed(info.get("Filters")),
            )


def _written(operators: list[dict[str, Any]]) -> Iterator[int]:
    """Find what flows into the operators that write."""
    for operator in operators:
        children = operator.get("children", [])
        if _WRITERS.search(operator["type"]):
            yield sum(map(_rows, children))
        else:
            yield from _written(children)


def _rows(operator: dict[str, Any]) -> int:
    """Return what an operator passes on: a CTE's own is nothing, its second child's is the rest."""
    if operator["type"] == "CTE":
        return _rows(operator["children"][-1])
    return int(operator["intermediate_rows"])


def _listed(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


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
