"""Measure a large day: `python -m bench.day`; the report goes to bench/README.md."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.day.hours import write_day
from bench.day.report import Measured, report
from bench.day.run import differences, source_of, stack_in, with_airflow, without_airflow
from bench.ingest.rows import CORES
from bench.ingest.usage import Job, affinity, run
from bench.markdown import README, with_section
from local.gharchive.hours import name_of
from local.setup.paths import DATA

FOLDER = DATA / "bench" / "day"
FIRST_DAY = datetime(2024, 3, 5)
LATE_DAY = 2
"""The index of the day whose first file holds events of the day before."""
DAYS = 3
ROUNDS = 2
EVENTS_PER_HOUR = int(os.environ.get("BENCH_EVENTS_PER_HOUR") or 50_000)


def main() -> None:
    """Build the days where they are missing, take them through both, and report."""
    load_before = os.getloadavg()[0]
    hours = FOLDER / f"hours-of-{EVENTS_PER_HOUR}"
    built = [
        write_day(hours, day, EVENTS_PER_HOUR, is_late=number == LATE_DAY)
        for number, day in enumerate(_days(DAYS + 1))
    ]
    measured = Measured([], [[] for _ in range(DAYS)], [], [], None, built, load_before)
    with affinity(CORES):
        for number in range(ROUNDS):
            _round(measured, hours, is_last=number == ROUNDS - 1)
        _with_tests(measured, hours)
    text = report(measured)
    print(text)
    README.write_text(with_section(README.read_text(), "bench-day", text))


def _round(measured: Measured, hours: Path, *, is_last: bool) -> None:
    with TemporaryDirectory(dir=FOLDER) as scratch:
        database = Path(scratch, "script.duckdb")
        files = [hours / name_of(FIRST_DAY + timedelta(hours=hour)) for hour in range(24)]
        os.sync()
        measured.script.append(run(script(database, files), CORES))
        _say("script", measured.script[-1].wall)
        stack = stack_in(Path(scratch, "stack"))
        try:
            stack.start(source_of(hours), with_airflow=False)
            for number, day in enumerate(_days(DAYS if is_last else DAYS - 1)):
                os.sync()
                measured.days[number].append(without_airflow(stack, day))
                _say(f"day {number + 1}", measured.days[number][-1].times.wall)
                if not number:
                    measured.differences.extend(differences(stack, database))
            if is_last:
                stack.start(source_of(hours))
                measured.with_airflow = with_airflow(stack, _days(DAYS + 1)[-1])
                _say("with Airflow", measured.with_airflow.times.wall)
        finally:
            stack.stop()


def _with_tests(measured: Measured, hours: Path) -> None:
    with TemporaryDirectory(dir=FOLDER) as scratch:
        stack = stack_in(Path(scratch, "stack"))
        try:
            stack.start(source_of(hours), with_airflow=False)
            for day in _days(DAYS - 1):
                os.sync()
                measured.with_tests.append(without_airflow(stack, day, with_tests=True))
                _say("with tests", measured.with_tests[-1].times.wall)
        finally:
            stack.stop()


def script(database: Path, files: list[Path]) -> Job:
    """Return the script's job."""
    command = [sys.executable, "-m", "bench.day.with_duckdb", str(database)]
    return Job([[*command, *map(str, files)]])


def _days(count: int) -> list[datetime]:
    return [FIRST_DAY + timedelta(days=number) for number in range(count)]


def _say(what: str, seconds: float) -> None:
    text = f"{what}: {seconds:.1f} s, load {os.getloadavg()[0]:.1f}"
    print(text, file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Or the stack would outlive this
    signal.signal(signal.SIGTERM, _interrupt)
    main()
