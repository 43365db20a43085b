"""What a large day took, beside the script, as Markdown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from bench.day.hours import Day
from bench.day.memory import Look
from bench.day.run import STAGES, Ran
from bench.ingest.usage import Usage
from bench.markdown import at_most, machine, table

MB, GB = 1_000_000, 1_000_000_000
RATIO, RATIO_WITH_TESTS, MEMORY, GROWTH, FILE = 2.5, 3.5, 2.2, 1.0, 0.33
DEAREST = 12
LIBRARIES = ("duckdb", "fakesnow", "dbt-core", "dbt-snowflake", "isal", "apache-airflow")


@dataclass
class Measured:
    """Rounds of the script and of each day, days with tests, differences, and what was built."""

    script: list[Usage]
    days: list[list[Ran]]
    with_tests: list[Ran]
    differences: list[str]
    with_airflow: Ran | None
    built: Sequence[Day]
    load_before: float


def report(measured: Measured) -> str:
    """Return the report of one run."""
    script = min(used.wall for used in measured.script)
    best = [min(rounds, key=lambda ran: ran.times.wall) for rounds in measured.days]
    memory = max(
        (ran.memory for each in measured.days for ran in each), key=lambda look: look.total
    )
    first, second, late = (ran.times.wall for ran in best)
    day = measured.built[0]
    rows = [_row(f"day {number}", ran, script) for number, ran in enumerate(best, 1)]
    rows += [
        _row(f"day {number}, with its tests", ran, script)
        for number, ran in enumerate(measured.with_tests, 1)
    ]
    if measured.with_airflow:
        rows.append(_row("day 4, by the DAG, with its tests", measured.with_airflow, script))
    return "\n\n".join(
        [
            f"## {datetime.now(UTC):%Y-%m-%d}",
            f"{machine()}; load {measured.load_before:.1f} when it began and "
            f"{os.getloadavg()[0]:.1f} at its end. How calm it was: the script took "
            f"{_range([used.wall for used in measured.script])} s, day 1 "
            f"{_range([ran.times.wall for ran in measured.days[0]])} s. "
            f"{', '.join(f'{name} {version(name)}' for name in LIBRARIES)}.",
            f"A day: {day.lines:,} lines, {day.raw_bytes / MB:,.0f} MB raw, "
            f"{day.gzip_bytes / MB:,.0f} MB gzipped; {day.origin}.",
            table(
                ("target", "found", "", "next lever"),
                [
                    at_most(
                        RATIO,
                        "day 1 ÷ the script",
                        first / script,
                        "the search for duplicate keys in COPY, which makes Python objects",
                    ),
                    at_most(
                        RATIO_WITH_TESTS,
                        "day 1 with its tests ÷ the script",
                        measured.with_tests[0].times.wall / script,
                        "tests of one table that share one scan",
                    ),
                    at_most(
                        FILE,
                        "the warehouse's files after two days ÷ their raw JSON",
                        best[1].warehouse_bytes / (day.raw_bytes + measured.built[1].raw_bytes),
                        "Silver's two copies of each event",
                    ),
                    at_most(
                        MEMORY,
                        "GB of all processes",
                        memory.total / GB,
                        "DuckDB's memory limit",
                    ),
                    at_most(
                        GROWTH,
                        "day 2 ÷ day 1",
                        second / first,
                        "rankings, months and years, which read all days of their period so far",
                    ),
                    (
                        "day 3 ÷ day 1; its first file holds events of day 2",
                        f"{late / first:.2f}",
                        "",
                        "",
                    ),
                    (
                        "results equal the script's",
                        "; ".join(measured.differences) or "all",
                        "**missed**" if measured.differences else "met",
                        "",
                    ),
                ],
            ),
            table(
                (
                    "",
                    "wall, s",
                    "÷ script",
                    *(f"{stage}, s" for stage in STAGES),
                    "memory, GB",
                    "files, GB",
                ),
                [
                    (
                        "the script",
                        f"{script:.1f}",
                        "1.00",
                        *("-" for _ in STAGES),
                        f"{max(used.peak_bytes for used in measured.script) / GB:.2f}",
                        "-",
                    ),
                    *rows,
                ],
            ),
            f"Memory at its peak: {_programs(memory)}.",
            f"The {DEAREST} dearest models, each alone, though two run at a time:",
            table(
                ("", *(f"day {number}, s" for number, _ in enumerate(best, 1))),
                _dearest(best),
            ),
        ]
    )


def _row(title: str, ran: Ran, script: float) -> tuple[str, ...]:
    times = ran.times
    return (
        title,
        f"{times.wall:.1f}",
        f"{times.wall / script:.2f}",
        *(f"{times.stages[stage]:.1f}" for stage in STAGES),
        f"{ran.memory.total / GB:.2f}",
        f"{ran.warehouse_bytes / GB:.2f}",
    )


def _dearest(best: Sequence[Ran]) -> list[tuple[str, ...]]:
    models = best[-1].times.models
    names = sorted(models, key=lambda name: -models[name])[:DEAREST]
    rows = [(name, *(f"{ran.times.models.get(name, 0):.2f}" for ran in best)) for name in names]
    rest = [
        f"{sum(s for name, s in ran.times.models.items() if name not in names):.2f}" for ran in best
    ]
    return [*rows, (f"{len(models) - len(names)} others", *rest)]


def _programs(memory: Look) -> str:
    found = sorted(memory.by_program.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {size / MB:,.0f} MB" for name, size in found)


def _range(walls: Sequence[float]) -> str:
    return f"{min(walls):.1f} to {max(walls):.1f}"
