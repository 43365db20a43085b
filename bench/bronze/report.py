"""What COPY took, beside DuckDB, as Markdown."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from bench.bronze.with_copy import Loaded
from bench.ingest.hours import Hour
from bench.ingest.usage import Usage
from bench.markdown import at_most, machine, table

MB = 1_000_000
RATIO = 1.5
GROWTH = 1.1
LIBRARIES = ("duckdb", "fakesnow", "msgspec", "isal", "pyarrow", "azure-storage-blob")
LEVER = "a search for duplicate keys that needs no Python object for each value"


class Measured(NamedTuple):
    """Loads by number of files, DuckDB's of all of them, and what was loaded."""

    copies: Mapping[int, Sequence[Loaded]]
    others: Sequence[Usage]
    hours: Sequence[Hour]
    load_before: float


def report(measured: Measured) -> str:
    """Return the report of one run."""
    copies, others, hours, load_before = measured
    counts = sorted(copies)
    loads = copies[counts[-1]]
    copy, alone = (min(u.wall for u in used) for used in ([c.usage for c in loads], others))
    whole = min(load.start + load.usage.wall for load in loads)
    peaks = {count: max(c.usage.peak_bytes for c in copies[count]) for count in counts}
    growth = peaks[counts[-1]] / peaks[counts[-2]]
    return "\n\n".join(
        [
            f"## {datetime.now(UTC):%Y-%m-%d}",
            f"{machine()}; load {load_before:.1f} when it began and {os.getloadavg()[0]:.1f} at "
            f"its end. How calm it was: DuckDB took {_range([u.wall for u in others])} s, COPY "
            f"{_range([c.usage.wall for c in loads])} s. "
            f"{', '.join(f'{name} {version(name)}' for name in LIBRARIES)}.",
            f"The files: {len(hours)}, of {sum(h.lines for h in hours):,} lines, "
            f"{sum(h.raw_bytes for h in hours) / MB:,.0f} MB raw, "
            f"{sum(h.gzip_bytes for h in hours) / MB:,.0f} MB gzipped; {hours[0].origin}.",
            table(
                ("target", "found", "", "next lever"),
                [
                    at_most(RATIO, "wall ÷ DuckDB's", copy / alone, LEVER),
                    at_most(
                        GROWTH,
                        f"MB of {counts[-1]} files ÷ of {counts[-2]}",
                        growth,
                        "DuckDB's memory limit",
                    ),
                ],
            ),
            table(
                ("", "files", "wall, s", "÷ DuckDB", "CPU, s", "MB", "rounds"),
                [
                    *(_row("COPY", n, [c.usage for c in copies[n]], None) for n in counts[:-1]),
                    _row("COPY", counts[-1], [c.usage for c in loads], alone),
                    _whole(counts[-1], whole, alone, len(loads)),
                    _row("DuckDB", counts[-1], others, alone),
                ],
            ),
        ]
    )


def _row(title: str, files: int, used: Sequence[Usage], alone: float | None) -> tuple[str, ...]:
    wall = min(u.wall for u in used)
    return (
        title,
        str(files),
        f"{wall:.2f}",
        f"{wall / alone:.2f}" if alone else "-",
        f"{min(u.cpu for u in used):.2f}",
        f"{max(u.peak_bytes for u in used) / MB:.0f}",
        str(len(used)),
    )


def _whole(files: int, wall: float, alone: float, rounds: int) -> tuple[str, ...]:
    title = "COPY, the server's start included"
    return (title, str(files), f"{wall:.2f}", f"{wall / alone:.2f}", "-", "-", str(rounds))


def _range(walls: Sequence[float]) -> str:
    return f"{min(walls):.2f} to {max(walls):.2f}"
