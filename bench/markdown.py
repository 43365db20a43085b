"""Reports as Markdown, and the README that holds them, a section for each benchmark."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

README = Path(__file__).parent / "README.md"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Align columns too, since the table is also read in terminals."""
    rows = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in rows
    )


def at_most(limit: float, name: str, found: float, lever: str) -> tuple[str, str, str, str]:
    """Return a row of targets: what was to be no more than `limit`, and the next lever if it is."""
    is_met = found <= limit
    verdict = "met" if is_met else "**missed**"
    return (f"{name} ≤ {limit:g}", f"{found:.2f}", verdict, "" if is_met else lever)


def machine() -> str:
    """Say what it was measured on."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return (
        f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB, Linux {platform.release()}"
    )


def with_section(page: str, target: str, text: str) -> str:
    """Return the page with what the Makefile's target writes in it replaced."""
    begin, end = f"<!-- make {target} writes this -->", f"<!-- end of make {target} -->"
    before, found, rest = page.partition(begin)
    _, is_closed, after = rest.partition(end)
    if not (found and is_closed):
        raise ValueError(f"no section of {target} in the page")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"
