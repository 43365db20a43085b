"""Measure a day of dbt, early and late: `python -m bench.dbt`; it writes into bench/README.md."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.dbt.account import Account, Run, simulated
from bench.dbt.cost import models
from bench.dbt.report import EARLY, LATE, Measured, report
from bench.markdown import README, with_section
from local.setup.paths import DATA

FOLDER = DATA / "bench" / "dbt"
FIRST_DAY = datetime(2023, 3, 3)
"""Then days 60 and 365 both begin a month, and the second one of a quarter."""
DAYS = 3
DAYS_PER_LOAD = 124
EVENTS_PER_HOUR = int(os.environ.get("BENCH_EVENTS_PER_HOUR") or 600)


def main() -> None:
    """Load a year, then run the same days of the month early and late in it, and report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    load_before = os.getloadavg()[0]
    with TemporaryDirectory(dir=FOLDER) as scratch:
        measured = _measure(Path(scratch), load_before)
    text = report(measured)
    print(text)
    README.write_text(with_section(README.read_text(), "bench-dbt", text))


def _measure(scratch: Path, load_before: float) -> Measured:
    with simulated(FOLDER, EVENTS_PER_HOUR, scratch) as source:
        with Account(scratch / "early", source) as account:
            # A run of its own for the full build, which lays its rows down in order
            _fill(account, 1, 2)
            _fill(account, 2, EARLY)
        late = account.copied(scratch / "late")
        with late:
            # Both end with a load of as many days, so that the days before it lie in the same way
            last_load = LATE - (EARLY - 2)
            _fill(late, EARLY, last_load)
            _fill(late, last_load, LATE)
        runs: dict[int, list[Run]] = {EARLY: [], LATE: []}
        # In turn, so that both get the same weather
        with account as early, late:
            for number in range(DAYS):
                for begin, there in ((EARLY, early), (LATE, late)):
                    runs[begin].append(there.run(_day(begin + number)))
                    _say(f"day {begin + number}: {sum(runs[begin][-1].seconds.values()):.1f} s")
        return Measured(runs[EARLY], runs[LATE], models(late.folder / "manifest.json"), load_before)


def _fill(account: Account, first: int, end: int) -> None:
    for number in range(first, end, DAYS_PER_LOAD):
        began = time.perf_counter()
        days = min(DAYS_PER_LOAD, end - number)
        rows = account.run(_day(number), days).rows
        _say(f"{days} days from {number}: {rows:,} rows, {time.perf_counter() - began:.0f} s")


def _day(number: int) -> datetime:
    return FIRST_DAY + timedelta(days=number - 1)


def _say(text: str) -> None:
    print(f"{text}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Or the stand-ins would outlive this
    signal.signal(signal.SIGTERM, _interrupt)
    main()
