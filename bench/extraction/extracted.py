"""What one extraction took, and what it made."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from bench.ingest.usage import Usage, high_water_bytes

CHECK = "select count(*), sum(hash(extracted))::varchar from {} as extracted"


class Extracted(msgspec.Struct, frozen=True):
    """The statement's usage; the table's columns, with their types, its rows and a checksum."""

    usage: Usage
    columns: list[tuple[str, str]]
    rows: int
    checksum: str


def measured(extract: Callable[[], object]) -> Usage:
    """Return what this process takes for it; of memory, the most that it has ever had."""
    process = psutil.Process()
    cpu, began = sum(process.cpu_times()[:2]), time.perf_counter()
    extract()
    wall = time.perf_counter() - began
    peak = high_water_bytes(Path("/proc/self/status").read_text())
    return Usage(wall, sum(process.cpu_times()[:2]) - cpu, peak, peak)


def described(
    usage: Usage, rows: Callable[[str], list[tuple[object, ...]]], table: str
) -> Extracted:
    """Return the account of a table; `rows` runs a statement of DuckDB's."""
    columns = [(str(c[0]).lower(), str(c[1])) for c in rows(f"describe {table}")]
    ((count, checksum),) = rows(CHECK.format(table))
    return Extracted(usage, columns, int(str(count)), str(checksum))
