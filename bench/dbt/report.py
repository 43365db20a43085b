"""What a day cost early and late in the year, as Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import fmean
from typing import NamedTuple

from bench.dbt.account import Run
from bench.dbt.cost import Cost, Model, Read, cost, most_of_bronze, reads, tables_of
from bench.dbt.profiled import ROW_GROUP
from bench.markdown import machine, table

EARLY, LATE = 60, 365
LIMIT = 1.1
LIBRARIES = ("dbt-core", "dbt-snowflake", "duckdb", "fakesnow", "sqlglot")
HEAD = ("", "key", "dbt, s", "÷", "DuckDB, s", "÷", "rows scanned", "÷", "rows read", "÷")


class Measured(NamedTuple):
    """Runs of the same days of the month, early and late, and the models that they ran."""

    early: Sequence[Run]
    late: Sequence[Run]
    models: Sequence[Model]
    load_before: float

    def cost(self, models: Iterable[Model]) -> tuple[Cost, Cost]:
        """Return what these models cost together, early and late."""
        nodes = [model.node for model in models]
        return cost(self.early, nodes), cost(self.late, nodes)


def report(measured: Measured) -> str:
    """Return the report of one run."""
    of_days = [model for model in measured.models if model.is_of_days]
    others = [model for model in measured.models if not model.is_of_days]
    early, late = measured.cost(of_days)
    bronze = max(most_of_bronze(run) for run in measured.late)
    day_rows = fmean(run.rows for run in measured.late)
    found = set(reads(measured.late[-1], {model.node: model for model in of_days}))
    unbounded = [read for read in found if not read.bounds]
    return "\n\n".join(
        [
            f"## {datetime.now(UTC):%Y-%m-%d}",
            f"{machine()}; load {measured.load_before:.1f} when it began and "
            f"{os.getloadavg()[0]:.1f} at its end. "
            f"{', '.join(f'{name} {version(name)}' for name in LIBRARIES)}. "
            f"A day has {day_rows:,.0f} rows; row groups have {ROW_GROUP:,}.",
            table(
                ("target", "found", ""),
                [
                    _verdict("event and day grain, dbt's time", late.seconds / early.seconds),
                    _verdict(
                        "event and day grain, DuckDB's time",
                        late.duckdb_seconds / early.duckdb_seconds,
                    ),
                    _verdict("event and day grain, rows scanned", late.scanned / early.scanned),
                    _verdict("event and day grain, rows read", late.rows_read / early.rows_read),
                    _verdict(
                        "rows of Bronze that one read scans ÷ the day's, two row groups beside",
                        bronze,
                        1 + 2 * ROW_GROUP / day_rows,
                    ),
                    (
                        "rows of the ledger scanned, which has a row for each file and load",
                        f"{_ledger(measured.early):,.0f} → {_ledger(measured.late):,.0f}",
                        "",
                    ),
                    (
                        "reads without constant bounds = 0",
                        str(len(unbounded)),
                        "met" if not unbounded else "**missed**",
                    ),
                ],
            ),
            "### Event and day grain",
            _costs(measured, of_days),
            "### Grain of a month, a year, an entity, or all time",
            _costs(measured, others),
            "### What Snowflake prunes by",
            f"{len(found)} reads of {len(of_days)} models, deletes included, as dbt sends them; "
            "the variables hold the first and the last key that the day's loads touched.",
            _bounds(found),
        ]
    )


def _ledger(runs: Sequence[Run]) -> float:
    return fmean(
        sum(x.rows for s in run.statements for x in tables_of(s, "ledger")) for run in runs
    )


def _costs(measured: Measured, models: Sequence[Model]) -> str:
    rows = [_cost(model.name, model.key or "-", *measured.cost([model])) for model in models]
    return table(HEAD, [*sorted(rows), _cost("all", "", *measured.cost(models))])


def _cost(title: str, key: str, early: Cost, late: Cost) -> tuple[str, ...]:
    return (
        title,
        key,
        f"{late.seconds:.2f}",
        _ratio(late.seconds, early.seconds),
        f"{late.duckdb_seconds:.2f}",
        _ratio(late.duckdb_seconds, early.duckdb_seconds),
        f"{late.scanned:,.0f}",
        _ratio(late.scanned, early.scanned),
        f"{late.rows_read:,.0f}",
        _ratio(late.rows_read, early.rows_read),
    )


def _ratio(late: float, early: float) -> str:
    return f"{late / early:.2f}" if early else "-"


def _verdict(target: str, found: float, limit: float = LIMIT) -> tuple[str, str, str]:
    return (f"{target} ≤ {limit:.2g}", f"{found:.2f}", "met" if found <= limit else "**missed**")


def _bounds(found: Iterable[Read]) -> str:
    by_bounds: dict[str, list[Read]] = {}
    for read in found:
        by_bounds.setdefault(read.bounds or "**none**", []).append(read)
    return table(
        ("predicate", "reads", "for example"),
        [
            (f"`{bounds}`", str(len(group)), f"{min(group).model}: {min(group).table}")
            for bounds, group in sorted(by_bounds.items())
        ],
    )
