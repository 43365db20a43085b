"""Measure days after a short, a long and a very long history: `python -m bench.dbt`.

It writes into bench/README.md, and into measured.json what bench.cost computes costs from.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.dbt.account import Account, Day, Source, simulated
from bench.dbt.cost import Costs, models, stored, widths
from bench.dbt.report import Measured, report, summary
from bench.markdown import README, with_section
from local.setup.paths import DATA

FOLDER = DATA / "bench" / "dbt"
MEASURED = Path(__file__).with_name("measured.json")
FIRST_DAY = datetime(2019, 2, 27)
"""Then the three weeks end with a month's first days, at about the same day of their year."""
POINTS = (60, 365, 1825)
WEEK = 7
DAYS_PER_LOAD = 180
EVENTS_PER_HOUR = int(os.environ.get("BENCH_EVENTS_PER_HOUR") or 200)


def main() -> None:
    """Measure, and write the report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    load_before = os.getloadavg()[0]
    with (
        TemporaryDirectory(dir=FOLDER) as scratch,
        simulated(FOLDER, EVENTS_PER_HOUR, Path(scratch)) as source,
    ):
        measured = measure(Path(scratch), source, POINTS, WEEK, load_before)
    text = report(measured)
    print(text)
    README.write_text(with_section(README.read_text(), "bench-dbt", text))
    MEASURED.write_text(json.dumps(summary(measured), indent=2) + "\n")


def measure(
    scratch: Path, source: Source, points: tuple[int, ...], week: int, load_before: float
) -> Measured:
    """Fill one account up to each point, and run a week there on a copy of it."""
    weeks: dict[int, list[Day]] = {}
    account = Account(scratch / "account", source)
    loaded = 0
    for point in points:
        with account:
            _fill(account, loaded + 1, point)
        loaded = point - 1
        # The last one needs no copy
        there = account if point == points[-1] else account.copied(scratch / f"day-{point}")
        with there:
            weeks[point] = [_day(there, point + n, is_last=n == week - 1) for n in range(week)]
        if point == points[0]:
            bytes_of = widths(there.database)
    costs = Costs(models(account.folder / "manifest.json"), bytes_of)
    return Measured(weeks, costs, stored(account.database, bytes_of), load_before)


def _fill(account: Account, first: int, end: int) -> None:
    """Load the days before `end` in blocks, and build all tables of them, in order."""
    began = time.perf_counter()
    rows = sum(
        account.load(_date(number), min(DAYS_PER_LOAD, end - number))
        for number in range(first, end, DAYS_PER_LOAD)
    )
    _say(f"days {first} to {end - 1}: {rows:,} rows loaded in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    account.rebuild()
    _say(f"built in {time.perf_counter() - began:.0f} s")


def _day(account: Account, number: int, *, is_last: bool) -> Day:
    began = time.perf_counter()
    # Tests read alike each day, and take as long as all the rest
    day = account.day(_date(number), with_tests=is_last)
    _say(f"day {number}: {time.perf_counter() - began:.0f} s")
    return day


def _date(number: int) -> datetime:
    return FIRST_DAY + timedelta(days=number - 1)


def _say(text: str) -> None:
    print(f"{text}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Or the stand-ins would outlive this
    signal.signal(signal.SIGTERM, _interrupt)
    main()
