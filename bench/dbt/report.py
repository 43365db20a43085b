"""What a day reads and writes after two months, a year and five years, as Markdown and JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import fmean
from typing import Any, NamedTuple

from bench.dbt.account import Day
from bench.dbt.cost import (
    BRONZE,
    LEDGER,
    Cost,
    Costs,
    is_of_layers,
    is_of_ledger,
    ledger_rows,
    tables_of,
)
from bench.dbt.groups import ALL_TIME, DAYS, GROUPS, HOURLY, MODELS, PERIODS
from bench.dbt.profiled import DATABASE, ROW_GROUP, Scan, Statement
from bench.markdown import machine, table

LIMIT, LIMIT_OF_ALL = 1.1, 1.5
LIBRARIES = ("dbt-core", "dbt-snowflake", "duckdb", "fakesnow", "sqlglot")
KINDS = (BRONZE, DAYS, PERIODS, ALL_TIME, LEDGER)


class Measured(NamedTuple):
    """Weeks by the number of their first day; the bytes of an event in Silver and in Gold."""

    weeks: Mapping[int, Sequence[Day]]
    costs: Costs
    stored: Mapping[str, float]
    load_before: float

    @property
    def points(self) -> list[int]:
        """The first days of the weeks, in order."""
        return sorted(self.weeks)

    def all_models(self, point: int, *, of_month: bool = False) -> Cost:
        """Return what a day costs in the tables of Silver and Gold."""
        total = self.costs.month if of_month else self.costs.week
        found = Cost()
        for group in MODELS:
            found = found.plus(total(self.weeks[point], group))
        return found


def summary(measured: Measured) -> dict[str, Any]:
    """Return what costs are computed from: by point and group, a day's mean in a month."""
    costs, late = measured.costs, measured.weeks[measured.points[-1]]
    hourly = [model.node for model in costs.tables.values() if model.is_hourly]

    def rounded(cost: Cost) -> dict[str, float]:
        return {name: round(value, 1) for name, value in cost._asdict().items()}

    return {
        "events": round(fmean(day.rows for day in late), 1),
        "tables": len(costs.tables),
        "stored_bytes_per_event": {k: round(v, 1) for k, v in measured.stored.items()},
        "days": {
            str(point): {
                **{group: rounded(costs.month(week, group)) for group in GROUPS},
                HOURLY: rounded(costs.month(week, MODELS[0], hourly)),
            }
            for point, week in sorted(measured.weeks.items())
        },
    }


def report(measured: Measured) -> str:
    """Return the report of one run."""
    points = measured.points
    begins = (f"day {point:,} is {measured.weeks[point][0].date:%Y-%m-%d}" for point in points)
    late = measured.weeks[points[-1]]
    return "\n\n".join(
        [
            f"## {datetime.now(UTC):%Y-%m-%d}",
            f"{machine()}; load {measured.load_before:.1f} when it began and "
            f"{os.getloadavg()[0]:.1f} at its end. "
            f"{', '.join(f'{name} {version(name)}' for name in LIBRARIES)}. "
            f"A day has {fmean(day.rows for day in late):,.0f} rows; row groups have "
            f"{ROW_GROUP:,}. Days measured from each point on: {len(late)}; {', '.join(begins)}.",
            table(("target", "found", ""), _targets(measured)),
            "### By what sends the statements",
            table(_head(measured, "", "statements"), _groups(measured)),
            "### By table",
            table(_head(measured, "", "key"), _models(measured)),
            "### Readers: each view of Gold, all rows",
            table(
                ("", "rows", *_days(measured, "scanned"), "÷", "reads of all days"),
                _views(measured),
            ),
            f"### Reads without constant bounds, on day {points[-1] + len(late) - 1:,}",
            table(("of", "by", "reads", "rows", "most often", "the largest"), _unbounded(measured)),
        ]
    )


def _targets(measured: Measured) -> Iterator[tuple[str, str, str]]:
    first, *_, last = measured.points
    early, late = (measured.costs.week(measured.weeks[p], MODELS[0]) for p in (first, last))
    yield _verdict("event and day grain, rows scanned", late.scanned / early.scanned, LIMIT)
    yield ("the same, of whole row groups", f"{late.opened / early.opened:.2f}", "")
    early, late = (measured.all_models(point) for point in (first, last))
    yield _verdict("Silver and Gold, rows scanned", late.scanned / early.scanned, LIMIT_OF_ALL)
    yield ("the same, of whole row groups", f"{late.opened / early.opened:.2f}", "")
    early, late = (measured.all_models(point, of_month=True) for point in (first, last))
    yield (
        "the same, rows scanned, where a month's first day is one of 30",
        f"{late.scanned / early.scanned:.2f}",
        "",
    )
    of_all = [
        read
        for read in open_reads(measured)
        if measured.costs.kind(read.scan.table) in (BRONZE, DAYS)
    ]
    yield (
        "reads of Bronze, events and days without constant bounds = 0",
        str(len(of_all)),
        "met" if not of_all else "**missed**",
    )
    ledger = [fmean(map(ledger_rows, measured.weeks[point])) for point in (first, last)]
    yield ("rows of the ledger scanned", " → ".join(f"{rows:,.0f}" for rows in ledger), "")


def _verdict(target: str, found: float, limit: float) -> tuple[str, str, str]:
    return (f"{target} ≤ {limit:g}", f"{found:.2f}", "met" if found <= limit else "**missed**")


def _days(measured: Measured, what: str) -> list[str]:
    return [f"{what}, {point:,}" for point in measured.points]


def _head(measured: Measured, *first: str) -> tuple[str, ...]:
    return (
        *first,
        *_days(measured, "scanned"),
        "÷",
        *_days(measured, "written"),
        "÷",
    )


def _cells(costs: Sequence[Cost]) -> tuple[str, ...]:
    early, *_, late = costs
    return (
        *(f"{cost.scanned:,.0f}" for cost in costs),
        _ratio(late.scanned, early.scanned),
        *(f"{cost.written:,.0f}" for cost in costs),
        _ratio(late.written, early.written),
    )


def _groups(measured: Measured) -> Iterator[tuple[str, ...]]:
    for group in GROUPS:
        costs = [measured.costs.week(measured.weeks[point], group) for point in measured.points]
        yield (group, f"{costs[-1].statements:,.0f}", *_cells(costs))
    costs = [measured.all_models(point) for point in measured.points]
    yield ("all models", f"{costs[-1].statements:,.0f}", *_cells(costs))


def _models(measured: Measured) -> Iterator[tuple[str, ...]]:
    for group in MODELS:
        for name, model in sorted(measured.costs.tables.items()):
            if f"models: {model.grain}" == group:
                costs = [
                    measured.costs.week(measured.weeks[point], group, [model.node])
                    for point in measured.points
                ]
                yield (_short(name), model.key or "-", *_cells(costs))


def _views(measured: Measured) -> Iterator[tuple[str, ...]]:
    late = measured.weeks[measured.points[-1]][-1]
    for view, rows in late.returned.items():
        costs = [
            measured.costs.of(measured.weeks[point][-1].statements[view])
            for point in measured.points
        ]
        of_days = sum(
            scan.rows
            for statement in late.statements[view]
            for scan in tables_of(statement)
            if measured.costs.kind(scan.table) in (BRONZE, DAYS)
            and not measured.costs.is_bounded(scan)
        )
        # A view whose rows are days has them all to show
        remark = f"{of_days:,}" if of_days else ""
        yield (
            view.removeprefix("gold."),
            f"{rows:,}",
            *_cells(costs)[: len(costs) + 1],
            f"**{remark}**" if of_days > 2 * rows else remark,
        )


class Read(NamedTuple):
    """A read of a table, by a statement of a group."""

    group: str
    statement: Statement
    scan: Scan

    def __str__(self) -> str:
        """Name who reads what."""
        node = self.statement.node
        sender = node.split(".")[2] if node else " ".join(self.statement.text.split()[:4])
        return f"{sender}: {_short(self.scan.table)}"


def open_reads(measured: Measured) -> Iterator[Read]:
    """Find the reads without constant bounds of the last day, which has all statements."""
    day = measured.weeks[measured.points[-1]][-1]
    for group, statements in measured.costs.groups(day).items():
        for statement in statements:
            for scan in statement.scans:
                is_ours = is_of_layers(scan.table) or is_of_ledger(scan.table)
                if is_ours and scan.opened and not measured.costs.is_bounded(scan):
                    yield Read(group, statement, scan)


def _unbounded(measured: Measured) -> Iterator[tuple[str, ...]]:
    found: dict[tuple[int, int], list[Read]] = {}
    for read in open_reads(measured):
        kind = KINDS.index(measured.costs.kind(read.scan.table))
        found.setdefault((kind, GROUPS.index(read.group)), []).append(read)
    for (kind, group), reads in sorted(found.items()):
        tables = Counter(_short(read.scan.table) for read in reads)
        yield (
            KINDS[kind],
            GROUPS[group],
            f"{len(reads):,}",
            f"{sum(read.scan.rows for read in reads):,}",
            ", ".join(f"{name} {count}" for name, count in tables.most_common(4)),
            str(max(reads, key=lambda read: read.scan.rows)),
        )


def _short(name: str) -> str:
    return name.removeprefix(f"{DATABASE}.").lower()


def _ratio(late: float, early: float) -> str:
    return f"{late / early:.2f}" if early else "-"
