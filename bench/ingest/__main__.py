"""Measure ingest against its peers: `python -m bench.ingest`; the report goes to bench/README.md.

Needs Linux, for its /proc and for pinning processes to cores.
"""

from __future__ import annotations

import os

from bench.ingest.hours import Hour, pool, write_hour
from bench.ingest.lineup import FILES, INGEST, LINEUP
from bench.ingest.report import Measured, report
from bench.ingest.rows import Row, bytes_after_import, measure
from bench.markdown import README, with_section
from local.setup.paths import DATA

FOLDER = DATA / "bench"
COMMAND = "include.ingest.command"
FOR_AZURE = ("include.ingest.azure_blob", "azure.storage.blob")
LARGE, SMALL = 900_000_000, 90_000_000


def main() -> None:
    """Build the hours where they are missing, run everybody, and report."""
    load_before = os.getloadavg()[0]
    large = _hour("large", LARGE)
    small = Row(INGEST, _hour("small", SMALL), "small")
    rows = {contender: Row(contender, large, "large") for contender in LINEUP}
    measure([*rows.values(), small], FOLDER)
    imports = bytes_after_import(COMMAND)
    imports_for_azure = bytes_after_import(COMMAND, *FOR_AZURE)
    text = report(Measured(rows, small, imports, imports_for_azure, load_before))
    print(text)
    README.write_text(with_section(README.read_text(), "bench-ingest", text))


def _hour(name: str, raw_bytes: int) -> Hour:
    """Build an hour, and another one that is the same file."""
    path, other = (FOLDER / name / file for file in FILES)
    hour = write_hour(path, pool(), raw_bytes)
    if not other.exists():
        other.hardlink_to(path)
    return hour


if __name__ == "__main__":
    main()
