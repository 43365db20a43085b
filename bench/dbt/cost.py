"""What a day's run costs, model by model, and what its statements read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from bench.dbt.account import Run
from bench.dbt.profiled import Scan, Statement

DAY_KEYS = ("file_name", "event_date", "window_end")
"""What the tables of event and day grain are replaced by."""
_LAYERS = ("bronze", "silver", "gold")


class Model(NamedTuple):
    """A table, and what it is replaced by; None if it is rebuilt."""

    node: str
    name: str
    key: str | None

    @property
    def is_of_days(self) -> bool:
        """Whether its grain is an event, a file or a day."""
        return self.key in DAY_KEYS


class Cost(NamedTuple):
    """dbt's seconds, DuckDB's, rows of the row groups that were opened, rows passed on, reads."""

    seconds: float
    duckdb_seconds: float
    scanned: float
    rows_read: float
    reads: float


def models(manifest: Path) -> list[Model]:
    """Return the project's tables."""
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    return [
        Model(node["unique_id"], node["name"], node["config"].get("unique_key"))
        for node in nodes
        if node["config"].get("materialized") == "change_set"
    ]


def cost(runs: Sequence[Run], nodes: Iterable[str]) -> Cost:
    """Return the least time of these nodes together in a day's run, and the mean of its rows."""
    nodes = set(nodes)
    statements = [[s for s in run.statements if s.node in nodes] for run in runs]
    scans = [[scan for s in each for scan in tables_of(s)] for each in statements]
    return Cost(
        min(sum(seconds for node, seconds in r.seconds.items() if node in nodes) for r in runs),
        min(sum(s.duckdb_seconds for s in each) for each in statements),
        fmean(sum(scan.rows for scan in each) for each in scans),
        fmean(sum(scan.rows_read for scan in each) for each in scans),
        fmean(map(len, scans)),
    )


def tables_of(statement: Statement, *schemas: str) -> list[Scan]:
    """Return the reads of the project's tables, which have a database."""
    wanted = schemas or _LAYERS
    return [
        scan
        for scan in statement.scans
        if scan.table.startswith(tuple(f"GHARCHIVE.{schema.upper()}." for schema in wanted))
    ]


def most_of_bronze(run: Run) -> float:
    """Return the rows of Bronze that a single read opens at most, by the rows of the run's load."""
    return max(scan.rows for s in run.statements for scan in tables_of(s, "bronze")) / run.rows


class Read(NamedTuple):
    """A table in a statement that dbt sends, and what bounds it, as Snowflake gets it."""

    model: str
    table: str
    bounds: str | None


def reads(run: Run, wanted: Mapping[str, Model]) -> Iterator[Read]:
    """Find the tables that the statements of models read, delete from or count."""
    for statement in run.statements:
        if model := wanted.get(statement.node or ""):
            for tree in sqlglot.parse(statement.text, read="snowflake"):
                if isinstance(tree, exp.Insert | exp.Delete):
                    yield from _reads(model, tree)


def _reads(model: Model, tree: exp.Expr) -> Iterator[Read]:
    for scope in tree.find_all(exp.Select, exp.Delete):
        source = scope.this if isinstance(scope, exp.Delete) else scope.args.get("from_")
        tables = [source] if isinstance(source, exp.Table) else []
        if isinstance(source, exp.From) and isinstance(source.this, exp.Table):
            tables = [source.this]
        for table in tables:
            if table.db.lower() in _LAYERS:
                where = scope.args.get("where")
                yield Read(model.name, f"{table.db}.{table.name}", where and _bounds(where))


def _bounds(where: exp.Expr) -> str | None:
    """Return the comparisons with constants of the change window."""
    found = [
        text
        for comparison in where.find_all(exp.GTE, exp.GT, exp.LTE, exp.LT)
        if "_changed" in (text := comparison.sql(dialect="snowflake", comments=False))
    ]
    return " and ".join(found) or None
