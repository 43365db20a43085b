"""What was measured and what it means for the targets, as Markdown."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from bench.ingest.lineup import (
    FLOOR,
    FLOOR_ON_ONE,
    IMPORTS,
    INGEST,
    INGEST_AZURITE,
    INGEST_ON_ONE,
    INGEST_TWO,
    JQ,
    Contender,
)
from bench.ingest.rows import Row
from bench.markdown import machine, table

LIBRARIES = ("isal", "pysimdjson", "requests", "azure-storage-blob", "duckdb", "polars")
PROGRAMS = ("jq", "gzip")
MB = 1_000_000
NOTHING = "-"
BUFFERS = "smaller blocks, fewer pieces waiting"
COLUMNS = (
    *("", "cores", "wall, s", "÷ (a)", "CPU, s", "÷ (a)", "CPU ÷ wall"),
    *("MB", "written", "rounds"),
)


class Measured(NamedTuple):
    """All that was measured; `small` is ingest on the small hour."""

    rows: Mapping[Contender, Row]
    small: Row
    import_bytes: int
    import_bytes_for_azure: int
    load_before: float


class Verdict(NamedTuple):
    """A target, what was found, and what to try next if it is missed."""

    target: str
    found: str
    is_met: bool
    lever: str


def report(measured: Measured) -> str:
    """Return the report of one run."""
    hour, small = measured.rows[INGEST].hour, measured.small.hour
    calm = sorted(run.wall for run in measured.rows[FLOOR].runs)
    return "\n\n".join(
        [
            f"## {datetime.now(UTC):%Y-%m-%d}",
            f"{machine()}; load {measured.load_before:.1f} when it began. "
            f"How calm it was: (a) took {calm[0]:.2f} to {calm[-1]:.2f} s. {_versions()}.",
            f"The hour: {hour.lines:,} lines, {hour.raw_bytes / MB:,.0f} MB raw, "
            f"{hour.gzip_bytes / MB:,.0f} MB gzipped, {hour.mean_line_bytes:,.0f} bytes a line; "
            f"{hour.origin}. The small hour: {small.raw_bytes / MB:,.0f} MB raw.",
            table(
                ("target", "found", "", "next lever"),
                (
                    (target, found, "met", "") if is_met else (target, found, "**missed**", lever)
                    for target, found, is_met, lever in verdicts(measured)
                ),
            ),
            table(
                COLUMNS,
                [*map(_cells, measured.rows.values(), _floors(measured)), _small_cells(measured)],
            ),
        ]
    )


def verdicts(measured: Measured) -> list[Verdict]:
    """Hold what was found against the targets."""
    rows = measured.rows
    floor, floor_on_one, one, one_on_one, two, azurite = (
        rows[contender]
        for contender in (FLOOR, FLOOR_ON_ONE, INGEST, INGEST_ON_ONE, INGEST_TWO, INGEST_AZURITE)
    )
    lean = f"what the sieve drops; then imports, {rows[IMPORTS].cpu / floor.cpu:.2f} of (a)"
    on_disk = max(row.peak_bytes_of_one for row in (one, one_on_one, two, measured.small))
    in_azurite = azurite.peak_bytes_of_one
    found = [
        _at_most(1.3, "wall ÷ (a), two cores", one.wall / floor.wall, lean),
        _at_most(1.3, "wall ÷ (a), one core", one_on_one.wall / floor_on_one.wall, lean),
        _at_most(1.3, "CPU ÷ (a)", one.cpu / floor.cpu, lean),
        _above_imports("folder", on_disk, measured.import_bytes),
        _above_imports("Azurite", in_azurite, measured.import_bytes_for_azure),
        _at_most(110, "MB, whatever the hour", max(on_disk, in_azurite) / MB, BUFFERS),
    ]
    busy = one.cpu / one.wall
    full = f"none: alone it uses {busy:.1f} of two cores, so at most {2 / busy:.1f}"
    found += [
        _two_at_once("two cores", one, two, full),
        _two_at_once("one core", one_on_one, two, "its workers' imports"),
    ]
    if (jq := rows[JQ]).runs:
        found += [
            _at_most(1 / 8, "wall ÷ (b)", one.wall / jq.wall, lean),
            _at_most(1 / 8, "CPU ÷ (b)", one.cpu / jq.cpu, lean),
        ]
    return found


def _at_most(limit: float, name: str, found: float, lever: str) -> Verdict:
    return Verdict(f"{name} ≤ {limit:g}", f"{found:.4g}", found <= limit, lever)


def _above_imports(where: str, peak: int, imports: int) -> Verdict:
    name = f"MB above imports ({imports / MB:.1f}), {where}"
    return _at_most(30, name, (peak - imports) / MB, BUFFERS)


def _two_at_once(cores: str, one: Row, two: Row, lever: str) -> Verdict:
    rate = 2 * one.wall / two.wall
    target = f"two hours at once, times one hour on {cores} ≥ 1.6"
    return Verdict(target, f"{rate:.4g}", rate >= 1.6, lever)


def _floors(measured: Measured) -> Iterable[Row]:
    """Return for each row the floor that had as many cores."""
    floors = {floor.cores: measured.rows[floor] for floor in (FLOOR, FLOOR_ON_ONE)}
    return (floors[contender.cores] for contender in measured.rows)


def _cells(row: Row, floor: Row) -> Sequence[str]:
    title, cores = row.contender.title, str(len(row.cores))
    if not row.runs:
        return (title, cores, f"not run: no {row.contender.needs} here", *[NOTHING] * 7)
    hours = row.contender.hours
    return (
        title,
        cores,
        f"{row.wall:.2f}",
        f"{row.wall / hours / floor.wall:.2f}",
        f"{row.cpu:.2f}",
        f"{row.cpu / hours / floor.cpu:.2f}",
        f"{row.cpu / row.wall:.1f}",
        f"{row.peak_bytes / MB:.1f}",
        f"{row.out_bytes / MB:.0f}" if row.out_bytes else NOTHING,
        str(len(row.runs)),
    )


def _small_cells(measured: Measured) -> Sequence[str]:
    """Return a row without ratios, which would say little: start-up is most of a small hour."""
    title, cores, wall, _, cpu, _, *rest = _cells(measured.small, measured.rows[FLOOR])
    return (f"{title}, the small hour", cores, wall, NOTHING, cpu, NOTHING, *rest)


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    found += [f"{library} {version(library)}" for library in LIBRARIES]
    for program in PROGRAMS:
        if shutil.which(program):
            said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
            found.append(" ".join(said.splitlines()[0].replace("-", " ", 1).split()))
    return ", ".join(found)
