"""What a day's statements read and write, by what sent them, and what bounds their reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

from bench.dbt.account import Day
from bench.dbt.groups import (
    ALL_TIME,
    ALS,
    DAG,
    DAYS,
    DBT,
    LOAD,
    PERIODS,
    READERS,
    REST,
    TESTS,
)
from bench.dbt.profiled import DATABASE, Scan, Statement

BRONZE, LEDGER = "Bronze", "ledger"
"""What else there is to read than tables of some grain."""
MONTH = 30
_DAY_KEYS = ("file_name", "event_date", "window_end")
_ORDERED = ("file_name", "load_seq")
"""What Bronze and the ledger are in the order of; tables that dbt makes are in their keys'."""

_FIXED = {
    f"{DATABASE}.GOLD.{table}"
    for table in (
        *("RANKINGS", "TRENDING_REPOSITORIES", "ALL_TIME_RANKINGS", "EVENT_HOURS"),
        *("LANGUAGE_DAYS", "RESPONSE_TIMES", "CONTRIBUTOR_RETENTION"),
    )
}
"""What has as many rows for a small day as for a large one."""

_RAW = f"{DATABASE}.BRONZE.BRONZERAW"

Widths = Mapping[str, Mapping[str, float]]
"""The mean bytes that a column of a table takes in a row."""


class Model(NamedTuple):
    """A table, and what it is replaced by; None if it is rebuilt."""

    node: str
    table: str
    key: str | None

    @property
    def is_hourly(self) -> bool:
        """Whether the graph of tasks makes a date again after each load of it."""
        return self.key == "event_date"

    @property
    def grain(self) -> str:
        """What a row is about."""
        if self.key is None:
            return ALL_TIME
        return DAYS if self.key in _DAY_KEYS else PERIODS


class Cost(NamedTuple):
    """Statements; rows of row groups, rows scanned, events whose JSON is read, rows written; bytes.

    `fixed` and `fixed_written` are the rows among them that don't follow the day's events.
    Bronze isn't in the bytes: how well simulated JSON is compressed says nothing of the archive's.
    """

    statements: float = 0
    opened: float = 0
    scanned: float = 0
    parsed: float = 0
    written: float = 0
    scanned_bytes: float = 0
    written_bytes: float = 0
    fixed: float = 0
    fixed_written: float = 0

    def plus(self, other: Cost) -> Cost:
        """Return both together."""
        return Cost(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> Cost:
        """Return several of it."""
        return Cost(*(factor * value for value in self))


def models(manifest: Path) -> dict[str, Model]:
    """Return the project's tables by name, as `GHARCHIVE.GOLD.RANKINGS`."""
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    found = [
        Model(
            node["unique_id"],
            f"{DATABASE}.{node['schema']}.{node['alias']}".upper(),
            node["config"].get("unique_key"),
        )
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["materialized"] == "change_set"
    ]
    return {model.table: model for model in found}


def widths(database: Path) -> Widths:
    """Return what columns take in a Parquet file with zstd, which is columnar as Snowflake is."""
    found: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as \"{DATABASE}\" (read_only)")
        for table, rows in rows_of(connection).items():
            file = f"{folder}/table.parquet"
            connection.execute(
                f"copy (from {table}) to '{file}' (format parquet, compression zstd)"
            )
            sizes = connection.execute(
                "select split_part(path_in_schema, ',', 1), sum(total_compressed_size) "
                f"from parquet_metadata('{file}') group by all"
            ).fetchall()
            found[table] = {column: size / rows for column, size in sizes if rows}
    return found


def stored(database: Path, bytes_of: Widths) -> dict[str, float]:
    """Return the bytes of Silver's and Gold's tables for each event of Bronze's."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as \"{DATABASE}\" (read_only)")
        rows = rows_of(connection)
    events = rows[_RAW]
    return {
        layer: sum(
            count * sum(bytes_of[table].values())
            for table, count in rows.items()
            if table.startswith(f"{DATABASE}.{layer.upper()}.") and table in bytes_of
        )
        / events
        for layer in ("silver", "gold")
    }


def rows_of(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count the rows of the project's tables."""
    tables = connection.execute(
        "select database_name || '.' || schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = ? and schema_name in ('BRONZE', 'SILVER', 'GOLD', 'LEDGER')",
        [DATABASE],
    ).fetchall()
    counts: dict[str, int] = {}
    for (table,) in tables:
        found = connection.execute(f"select count(*) from {table}").fetchone()
        counts[table] = found[0] if found else 0
    return counts


class Costs:
    """What statements cost, given the project's tables and how wide they are."""

    def __init__(self, tables: Mapping[str, Model], bytes_of: Widths) -> None:
        self.tables = tables
        self._bytes_of = bytes_of
        self._models = {model.node: model for model in tables.values()}
        keys = {*_ORDERED, *(model.key for model in tables.values() if model.key)}
        comparison = "|".join(sorted(keys))
        self._bound = re.compile(rf"\b({comparison})\b (>=|<=|=|>|<) ", re.IGNORECASE)

    def groups(self, day: Day) -> dict[str, list[Statement]]:
        """Sort a day's statements by who sent them."""
        groups: dict[str, list[Statement]] = {}
        for part, statements in day.statements.items():
            for statement in statements:
                groups.setdefault(self._group(part, statement), []).append(statement)
        return groups

    def of(self, statements: Iterable[Statement]) -> Cost:
        """Add statements up; what they read and write of the ledger isn't in it."""
        return reduce(Cost.plus, map(self._of, statements), Cost())

    def week(self, days: Sequence[Day], group: str, nodes: Iterable[str] = ()) -> Cost:
        """Return a day's mean for a group, or nodes in it, of the days on which it has any."""
        return _mean([self.of(found) for _, found in self._found(days, group, frozenset(nodes))])

    def month(self, days: Sequence[Day], group: str, nodes: Iterable[str] = ()) -> Cost:
        """Return a day's mean in a month, which has one first day and else the week's others."""
        found = list(self._found(days, group, frozenset(nodes)))
        first, others = (
            [self.of(statements) for day, statements in found if (day.date.day == 1) is is_first]
            for is_first in (True, False)
        )
        if not (first and others):
            return _mean(first or others)
        return _mean(first).times(1 / MONTH).plus(_mean(others).times(1 - 1 / MONTH))

    def _found(
        self, days: Sequence[Day], group: str, nodes: frozenset[str]
    ) -> Iterator[tuple[Day, list[Statement]]]:
        for day in days:
            statements = self.groups(day).get(group, [])
            if statements:
                yield day, [s for s in statements if not nodes or s.node in nodes]

    def kind(self, table: str) -> str:
        """Return a table's grain, or where it is."""
        if model := self.tables.get(table):
            return model.grain
        layer = table.split(".")[1]
        return {"BRONZE": BRONZE, "LEDGER": LEDGER}.get(layer, ALL_TIME)

    def is_bounded(self, scan: Scan) -> bool:
        """Tell whether a read compares what its table is in the order of with constants."""
        return any(self._bound.search(text) for text in scan.filters)

    def _group(self, part: str, statement: Statement) -> str:
        if part in (LOAD, DAG, ALS):
            return part
        if part != DBT:
            return READERS
        node = statement.node or ""
        if model := self._models.get(node):
            return f"models: {model.grain}"
        return TESTS if node.startswith("test.") else REST

    def _of(self, statement: Statement) -> Cost:
        scans = list(tables_of(statement))
        writes = [write for write in statement.writes if is_of_layers(write.table)]
        return Cost(
            1,
            sum(scan.opened for scan in scans),
            sum(scan.rows for scan in scans),
            sum(scan.rows for scan in scans if scan.table == _RAW and "EVENT" in scan.columns),
            sum(write.rows for write in writes),
            sum(scan.rows * self._width(scan) for scan in scans),
            sum(write.rows * sum(self._columns(write.table).values()) for write in writes),
            sum(scan.rows for scan in scans if scan.table in _FIXED),
            sum(write.rows for write in writes if write.table in _FIXED),
        )

    def _width(self, scan: Scan) -> float:
        read = " ".join([*scan.columns, *scan.filters])
        names = set(re.findall(r"\w+", read))
        return sum(size for name, size in self._columns(scan.table).items() if name in names)

    def _columns(self, table: str) -> Mapping[str, float]:
        return {} if self.kind(table) == BRONZE else self._bytes_of.get(table, {})


def tables_of(statement: Statement) -> Iterator[Scan]:
    """Return the reads of Bronze, Silver and Gold."""
    return (scan for scan in statement.scans if is_of_layers(scan.table))


def is_of_layers(table: str) -> bool:
    """Tell whether a table is of the data, and not of the ledger or of failed tests."""
    return table.startswith(tuple(f"{DATABASE}.{s}." for s in ("BRONZE", "SILVER", "GOLD")))


def is_of_ledger(table: str) -> bool:
    """Tell whether a table says what was loaded and built."""
    return table.startswith(f"{DATABASE}.LEDGER.")


def ledger_rows(day: Day) -> int:
    """Return the rows of the ledger that a day's statements scan."""
    scans = [s for part in day.statements.values() for each in part for s in each.scans]
    return sum(scan.rows for scan in scans if is_of_ledger(scan.table))


def _mean(costs: Sequence[Cost]) -> Cost:
    return Cost(*(fmean(values) for values in zip(*costs, strict=True))) if costs else Cost()
