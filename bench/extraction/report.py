"""What the extraction took, beside DuckDB, as Markdown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from bench.extraction.extracted import Extracted
from bench.markdown import at_most, machine, table

MB = 1_000_000
RATIO = 1.5
LIBRARIES = ("duckdb", "fakesnow", "sqlglot")
LEVER = "typed parts of the struct, which must still fail at a value of another type"


class Measured(NamedTuple):
    """The runs of both, and what they read."""

    ours: Sequence[Extracted]
    others: Sequence[Extracted]
    raw_bytes: int
    origin: str
    load_before: float


def report(measured: Measured) -> str:
    """Return the report of one run."""
    ours, others, raw_bytes, origin, load_before = measured
    wall, alone = (min(run.usage.wall for run in runs) for runs in (ours, others))
    return "\n\n".join(
        [
            f"## {datetime.now(UTC):%Y-%m-%d}",
            f"{machine()}; load {load_before:.1f} when it began and {os.getloadavg()[0]:.1f} at "
            f"its end. How calm it was: DuckDB took {_range(others)} s, the stand-in "
            f"{_range(ours)} s. {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}.",
            f"The events: {ours[0].rows:,}, {raw_bytes / MB:,.0f} MB of JSON; {origin}. "
            f"Both make the same {len(ours[0].columns)} columns, by the checksum of every round.",
            table(
                ("target", "found", "", "next lever"),
                [at_most(RATIO, "wall ÷ DuckDB's", wall / alone, LEVER)],
            ),
            table(
                ("", "wall, s", "÷ DuckDB", "CPU, s", "MB", "rounds"),
                [_row("stand-in", ours, alone), _row("DuckDB", others, alone)],
            ),
        ]
    )


def _row(title: str, runs: Sequence[Extracted], alone: float) -> tuple[str, ...]:
    wall = min(run.usage.wall for run in runs)
    return (
        title,
        f"{wall:.2f}",
        f"{wall / alone:.2f}",
        f"{min(run.usage.cpu for run in runs):.2f}",
        f"{max(run.usage.peak_bytes for run in runs) / MB:.0f}",
        str(len(runs)),
    )


def _range(runs: Sequence[Extracted]) -> str:
    walls = [run.usage.wall for run in runs]
    return f"{min(walls):.2f} to {max(walls):.2f}"
