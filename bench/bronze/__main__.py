"""Measure COPY into Bronze: `python -m bench.bronze`; the report goes to bench/README.md."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.bronze import with_copy
from bench.bronze.report import Measured, report
from bench.ingest.hours import Hour, pool, write_hour
from bench.ingest.rows import CORES
from bench.ingest.usage import Job, Usage, run
from bench.markdown import README, with_section
from local.setup.paths import DATA
from tests.blob_storage import Storage, running_azurite

FOLDER = DATA / "bench"
FILES = 24
FEWER = (6, 12)
ROUNDS = 5
RAW_MB = int(os.environ.get("BENCH_RAW_MB") or 50)


def main() -> None:
    """Build the files where they are missing, load them by both in turn, and report."""
    load_before = os.getloadavg()[0]
    drawn = pool()
    files = [FOLDER / "bronze" / f"{number:02}.json.gz" for number in range(FILES)]
    hours = [write_hour(f, drawn, RAW_MB * 1_000_000, seed) for seed, f in enumerate(files)]
    with TemporaryDirectory(dir=FOLDER) as scratch, running_azurite(Path(scratch)) as storage:
        measured = _measure(files, hours, storage, load_before)
    text = report(measured)
    print(text)
    README.write_text(with_section(README.read_text(), "bench-bronze", text))


def _measure(
    files: Sequence[Path], hours: Sequence[Hour], storage: Storage, load_before: float
) -> Measured:
    names = with_copy.upload(storage, files)
    copies: dict[int, list[with_copy.Loaded]] = {count: [] for count in (*FEWER, len(files))}
    others: list[Usage] = []
    for number in range(ROUNDS):
        for count, loads in copies.items():
            with TemporaryDirectory(dir=FOLDER) as folder:
                os.sync()
                database = Path(folder, "gharchive.duckdb")
                loads.append(with_copy.load(names[:count], storage, database, CORES))
            assert loads[-1].rows == sum(hour.lines for hour in hours[:count])
        with TemporaryDirectory(dir=FOLDER) as folder:
            os.sync()
            others.append(run(duckdb_alone(Path(folder, "alone.duckdb"), files), CORES))
        print(
            f"round {number + 1}: COPY {copies[len(files)][-1].usage.wall:.2f} s, "
            f"DuckDB {others[-1].wall:.2f} s, load {os.getloadavg()[0]:.1f}",
            file=sys.stderr,
            flush=True,
        )
    return Measured(copies, others, hours, load_before)


def duckdb_alone(database: Path, files: Sequence[Path]) -> Job:
    """Return DuckDB's job."""
    command = [sys.executable, "-m", "bench.bronze.with_duckdb", str(database)]
    return Job([[*command, *map(str, files)]])


if __name__ == "__main__":
    main()
