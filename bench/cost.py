"""What a day costs in Snowflake: `python -m bench.cost [--credit-price 2.6 …] [--page FILE]`.

Prices and what isn't known before an account runs are settings; docs/cost.md says where they come
from. Sizes, suspension, retention and limits are the deployment's own defaults.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from include.sql.settings import Deployment

CREDITS_PER_HOUR = {"XSMALL": 1, "SMALL": 2, "MEDIUM": 4, "LARGE": 8, "XLARGE": 16}
LEAST_SECONDS = 60
FAIL_SAFE_DAYS = 7
MONTH = 30
BEGIN, END = "<!-- python -m bench.cost writes this -->", "<!-- end of it -->"


class Era(NamedTuple):
    """A day's input: events, gigabytes of JSON, gigabytes as gzip."""

    name: str
    events: float
    raw_gb: float
    gzip_gb: float


ERAS = (
    Era("2015-01", 180_000, 0.43, 0.062),
    Era("2024", 6_000_000, 23.0, 3.4),
    Era("2025-06", 3_940_000, 16.4, 2.4),
    Era("2026", 2_760_000, 3.9, 0.56),
)


@dataclass(frozen=True)
class Rates:
    """Prices, and how much an hour of the smallest warehouse does: each is an option."""

    credit_price: float = 3.0
    storage_price: float = 23.0
    pipe_credits_per_gb: float = 0.0037
    serverless_multiplier: float = 0.9
    load_gb_per_credit: float = 100.0
    transform_gb_per_credit: float = 50.0
    train_seconds: float = 180.0
    reads_per_day: float = 8.0
    read_seconds: float = 30.0
    task_runs_per_day: float = 24.0
    task_seconds: float = 10.0
    silver_bytes_per_event: float = 100.0
    gold_bytes_per_event: float = 30.0
    republished_share: float = 0.02
    days_rebuilt_per_day: float = 2.0


class Day(NamedTuple):
    """Credits of a day."""

    load: float
    transform: float
    train: float
    read: float
    pipe: float
    tasks: float

    @property
    def by_dag(self) -> float:
        """Credits of a day that Airflow loads."""
        return self.load + self.transform + self.train + self.read

    @property
    def by_pipe(self) -> float:
        """Credits of a day that Snowpipe and the task load."""
        return self.by_dag - self.load + self.pipe + self.tasks


def default(name: str) -> str | int:
    """Return a default of the deployment."""
    value: str | int = Deployment.model_fields[name].default
    return value


def session(warehouse: str, seconds: float) -> float:
    """Return the credits from a warehouse's resuming to its suspension."""
    billed = max(seconds + int(default("auto_suspend")), LEAST_SECONDS)
    return _per_hour(warehouse) * billed / 3600


def day(era: Era, rates: Rates, days: int = 1) -> Day:
    """Return the credits of some days in one go, each warehouse resumed once but for readers."""
    raw = era.raw_gb * days
    task_hours = rates.task_runs_per_day * days * rates.task_seconds / 3600
    return Day(
        load=session("load", _seconds("load", raw / rates.load_gb_per_credit)),
        transform=session("transform", _seconds("transform", raw / rates.transform_gb_per_credit)),
        train=session("train", rates.train_seconds),
        read=rates.reads_per_day * days * session("read", rates.read_seconds),
        pipe=raw * rates.pipe_credits_per_gb,
        tasks=task_hours * rates.serverless_multiplier,
    )


def stored_gb(era: Era, rates: Rates, days: int) -> tuple[float, float, float, float]:
    """Return gigabytes of Bronze, Silver, Gold, and of the history of what was replaced."""
    silver, gold = (
        era.events * size / 1e9
        for size in (rates.silver_bytes_per_event, rates.gold_bytes_per_event)
    )
    replaced = era.gzip_gb * rates.republished_share + (silver + gold) * rates.days_rebuilt_per_day
    history = replaced * (int(default("retention_days")) + FAIL_SAFE_DAYS)
    return era.gzip_gb * days, silver * days, gold * days, history


def report(rates: Rates) -> str:
    """Return the tables of the page."""
    settings = ", ".join(f"{rate.name} {getattr(rates, rate.name):g}" for rate in fields(rates))
    return "\n\n".join(
        [
            f"Settings: {settings}.",
            "### A day, in credits",
            _table([_of_day(era, rates) for era in ERAS]),
            f"### A month: {MONTH} days one by one, and its backfill in one go",
            _table([_of_month(era, rates) for era in ERAS]),
            "### Storage of a year's days, in GB",
            _table([_of_storage(era, rates) for era in ERAS]),
        ]
    )


def _of_day(era: Era, rates: Rates) -> dict[str, str]:
    credits = day(era, rates)
    return {
        "era": era.name,
        "events": f"{era.events:,.0f}",
        "GB JSON": f"{era.raw_gb:g}",
        **{name: f"{value:.3f}" for name, value in credits._asdict().items()},
        "by the DAG": f"{credits.by_dag:.3f}",
        "$, DAG": f"{credits.by_dag * rates.credit_price:.2f}",
        "by Snowpipe": f"{credits.by_pipe:.3f}",
        "$, Snowpipe": f"{credits.by_pipe * rates.credit_price:.2f}",
    }


def _of_month(era: Era, rates: Rates) -> dict[str, str]:
    one, all_at_once = day(era, rates), day(era, rates, MONTH)
    quota, spending = int(default("credit_quota")), int(default("serverless_credits"))
    by_dag, serverless = MONTH * one.by_dag, MONTH * (one.pipe + one.tasks)
    backfill = all_at_once.load + all_at_once.transform + all_at_once.train
    return {
        "era": era.name,
        "by the DAG": f"{by_dag:.1f}",
        f"of the monitor's {quota}": f"{by_dag / quota:.0%}",
        "pipe and task": f"{serverless:.1f}",
        f"of the budget's {spending}": f"{serverless / spending:.0%}",
        "backfill: load": f"{all_at_once.load:.2f}",
        "transform": f"{all_at_once.transform:.2f}",
        "with training": f"{backfill:.2f}",
        "$": f"{backfill * rates.credit_price:.2f}",
    }


def _of_storage(era: Era, rates: Rates) -> dict[str, str]:
    stored = stored_gb(era, rates, 365)
    return {
        "era": era.name,
        **{
            name: f"{gb:,.0f}"
            for name, gb in zip(("Bronze", "Silver", "Gold", "history"), stored, strict=True)
        },
        "$ a month": f"{sum(stored) / 1000 * rates.storage_price:.2f}",
    }


def with_report(page: str, text: str) -> str:
    """Return the page with the tables in it replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _per_hour(warehouse: str) -> int:
    return CREDITS_PER_HOUR[str(default(f"{warehouse}_warehouse_size"))]


def _seconds(warehouse: str, credits: float) -> float:
    return credits * 3600 / _per_hour(warehouse)


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    for rate in fields(Rates):
        option = f"--{rate.name.replace('_', '-')}"
        parser.add_argument(option, type=float, default=rate.default, metavar="N")
    parser.add_argument("--page", type=Path, help="write the tables into this page")
    given = vars(parser.parse_args())
    page = given.pop("page")
    text = report(Rates(**given))
    if page is None:
        print(text)
    else:
        page.write_text(with_report(page.read_text(), text))


if __name__ == "__main__":
    main()
