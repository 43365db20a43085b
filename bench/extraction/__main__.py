"""Measure Silver's extraction: `python -m bench.extraction`; the report goes to bench/README.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bench.extraction.bronze import build
from bench.extraction.extracted import Extracted
from bench.extraction.report import Measured, report
from bench.ingest.hours import pool
from bench.ingest.rows import CORES
from bench.ingest.usage import affinity
from bench.markdown import README, with_section
from local.setup.paths import DATA

FOLDER = DATA / "bench"
EVENTS = int(os.environ.get("BENCH_EVENTS") or 400_000)
MEAN_LINE_BYTES = 2340
ROUNDS = 5
SIDES = ("with_stand_in", "with_duckdb")


def main() -> None:
    """Build Bronze, extract from it by both in turn, and report."""
    load_before = os.getloadavg()[0]
    FOLDER.mkdir(parents=True, exist_ok=True)
    drawn = pool(MEAN_LINE_BYTES)
    runs: dict[str, list[Extracted]] = {side: [] for side in SIDES}
    with TemporaryDirectory(dir=FOLDER) as folder:
        database = Path(folder, "gharchive.duckdb")
        raw_bytes = build(database, drawn, EVENTS)
        # Also reads the file into the system's cache, for both
        assert_same(*(extract(side, database) for side in SIDES))
        for number in range(ROUNDS):
            for side in SIDES:
                os.sync()
                runs[side].append(extract(side, database))
            assert_same(*(runs[side][-1] for side in SIDES))
            walls = ", ".join(f"{side} {runs[side][-1].usage.wall:.2f} s" for side in SIDES)
            print(f"round {number + 1}: {walls}", file=sys.stderr, flush=True)
    ours, others = (runs[side] for side in SIDES)
    text = report(Measured(ours, others, raw_bytes, drawn.origin, load_before))
    print(text)
    README.write_text(with_section(README.read_text(), "bench-extraction", text))


def extract(side: str, database: Path) -> Extracted:
    """Have one of the two sides extract, in a process of its own."""
    command = [sys.executable, "-m", f"bench.extraction.{side}", str(database)]
    with affinity(CORES):
        ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(ended.stdout, type=Extracted)


def assert_same(ours: Extracted, other: Extracted) -> None:
    """Check that both have made the same table."""
    assert ours.columns == other.columns
    assert (ours.rows, ours.checksum) == (other.rows, other.checksum)


if __name__ == "__main__":
    main()
