"""What a day costs in Snowflake: `python -m bench.cost [--credit-price 2.6 …] [--page FILE]`.

What a day reads and writes is what `make bench-dbt` has measured. Prices and what isn't known
before an account runs are settings; docs/cost.md says where they come from. Sizes, suspension,
retention and limits are the deployment's own defaults.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from bench.dbt.groups import ALS, DAG, GROUPS, HOURLY, LOAD, MODELS, READERS, REST, TESTS
from bench.markdown import table
from include.sql.settings import Deployment

MEASURED: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "dbt" / "measured.json").read_text()
)
AGES = tuple(map(int, MEASURED["days"]))
"""After how many days of history was measured."""
CREDITS_PER_HOUR = {"XSMALL": 1, "SMALL": 2, "MEDIUM": 4, "LARGE": 8, "XLARGE": 16}
LEAST_SECONDS = 60
FAIL_SAFE_DAYS = 7
"""Of permanent tables, which Bronze and the ledger are; Silver's and Gold's are transient."""
TRANSIENT_DAYS = 1
"""The most time travel that a transient table has."""
MONTH, YEAR = 30, 365
BEGIN, END = "<!-- python -m bench.cost writes this -->", "<!-- end of it -->"
BY_DBT = (*MODELS, TESTS, REST, DAG)


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
    """Prices, and how much the smallest warehouse does: each is an option."""

    credit_price: float = 3.0
    storage_price: float = 23.0
    pipe_credits_per_gb: float = 0.0037
    serverless_multiplier: float = 0.9
    load_gb_per_credit: float = 100.0
    extract_gb_per_credit: float = 100.0
    scan_mb_per_second: float = 100.0
    write_mb_per_second: float = 25.0
    statement_seconds: float = 0.2
    dbt_threads: float = 2.0
    publish_seconds: float = 30.0
    reads_per_day: float = 8.0
    runs_per_day: float = 24.0
    statements_per_task: float = 6.0
    republished_share: float = 0.02


class Day(NamedTuple):
    """Credits of a day: of warehouses, and of what is serverless."""

    load: float
    transform: float
    train: float
    read: float
    pipe: float
    reconcile: float
    graph: float

    @property
    def by_dag(self) -> float:
        """Credits of a day that Airflow loads."""
        return self.load + self.transform + self.train + self.read

    @property
    def by_pipe(self) -> float:
        """Credits of a day that Snowpipe loads and the tasks build."""
        return self.serverless + self.graph + self.read

    @property
    def serverless(self) -> float:
        """Credits that the budget sees and the monitor doesn't."""
        return self.pipe + self.reconcile


def default(name: str) -> str | int:
    """Return a default of the deployment."""
    value: str | int = Deployment.model_fields[name].default
    return value


def session(warehouse: str, seconds: float) -> float:
    """Return the credits from a warehouse's resuming to its suspension."""
    billed = max(seconds + int(default("auto_suspend")), LEAST_SECONDS)
    return _per_hour(warehouse) * billed / 3600


def statements(groups: Iterable[str], age: int) -> float:
    """Return how many statements groups send on a day after `age` days of history."""
    return sum(float(MEASURED["days"][str(age)][group]["statements"]) for group in groups)


def data_seconds(groups: Iterable[str], era: Era, rates: Rates, age: int) -> float:
    """Return the seconds that the smallest warehouse reads and writes for groups on a day."""
    seconds = 0.0
    for group in groups:
        cost = MEASURED["days"][str(age)][group]
        scanned = _of_era(era, cost["scanned_bytes"], cost["fixed"], cost["scanned"])
        written = _of_era(era, cost["written_bytes"], cost["fixed_written"], cost["written"])
        seconds += scanned / 1e6 / rates.scan_mb_per_second
        seconds += written / 1e6 / rates.write_mb_per_second
        parsed_gb = cost["parsed"] / MEASURED["events"] * era.raw_gb
        seconds += parsed_gb / rates.extract_gb_per_credit * 3600
    return seconds


def _of_era(era: Era, measured: float, fixed_rows: float, rows: float) -> float:
    """Return bytes that grow with the day's events, but for those of rows that don't."""
    fixed = measured * fixed_rows / rows if rows else 0.0
    return fixed + (measured - fixed) * era.events / float(MEASURED["events"])


def day(era: Era, rates: Rates, age: int) -> Day:
    """Return the credits of a day after `age` days of history."""

    def data(warehouse: str, *groups: str) -> float:
        return data_seconds(groups, era, rates, age) / _per_hour(warehouse)

    def waiting(*groups: str) -> float:
        return statements(groups, age) * rates.statement_seconds

    copy = era.raw_gb / rates.load_gb_per_credit * 3600 / _per_hour("load")
    graph = (
        rates.runs_per_day * tasks() * rates.statements_per_task * rates.statement_seconds
        # Each run makes the day so far again
        + data("transform", HOURLY) * (rates.runs_per_day - 1) / 2
        + data("transform", *MODELS)
    )
    return Day(
        load=session("load", copy + waiting(LOAD)),
        transform=session(
            "transform", data("transform", *BY_DBT) + waiting(*BY_DBT) / rates.dbt_threads
        ),
        train=session("train", data("train", ALS) + rates.publish_seconds),
        read=rates.reads_per_day * session("read", data("read", READERS) + waiting(READERS)),
        pipe=era.raw_gb * rates.pipe_credits_per_gb,
        reconcile=rates.runs_per_day * waiting(LOAD) / 3600 * rates.serverless_multiplier,
        graph=rates.runs_per_day * session("transform", graph / rates.runs_per_day),
    )


def tasks() -> int:
    """Return how many tasks the graph has: its root, one for each table, and its end."""
    return int(MEASURED["tables"]) + 2


def backfill(era: Era, rates: Rates, age: int) -> float:
    """Return the credits of a month that the DAG loads day by day, and trains on once."""
    one = day(era, rates, age)
    return MONTH * (one.load + one.transform) + one.train


def reconciled(era: Era, rates: Rates) -> float:
    """Return the credits of a month's hours that the task `reconcile` loads by itself."""
    return MONTH * era.raw_gb / rates.load_gb_per_credit * rates.serverless_multiplier


def stored_gb(era: Era, rates: Rates, days: int) -> tuple[float, float, float, float]:
    """Return gigabytes of Bronze, Silver, Gold, and of the history of what was replaced."""
    silver, gold = (
        era.events * MEASURED["stored_bytes_per_event"][layer] / 1e9 for layer in ("silver", "gold")
    )
    retention = int(default("retention_days"))
    written = sum(MEASURED["days"][str(AGES[-1])][group]["written_bytes"] for group in MODELS)
    # A row is deleted before another one takes its place
    replaced = written / 2 / MEASURED["events"] * era.events / 1e9
    history = era.gzip_gb * rates.republished_share * (retention + FAIL_SAFE_DAYS)
    history += replaced * min(retention, TRANSIENT_DAYS)
    return era.gzip_gb * days, silver * days, gold * days, history


def report(rates: Rates) -> str:
    """Return the tables of the page."""
    settings = ", ".join(f"{rate.name} {getattr(rates, rate.name):g}" for rate in fields(rates))
    oldest = f"after {AGES[-1]:,} days"
    return "\n\n".join(
        [
            f"Settings: {settings}.",
            "### Rows of a day, for each of its events",
            _table(map(_of_group, (*GROUPS, HOURLY))),
            f"### A day, in credits, {oldest}",
            _table(_of_day(era, rates) for era in ERAS),
            "### The same, as history grows",
            _table(_of_ages(era, rates) for era in ERAS),
            f"### A month of {MONTH} days, after {YEAR} days",
            _table(_of_month(era, rates) for era in ERAS),
            "### Storage of a year's days, in GB",
            _table(_of_storage(era, rates) for era in ERAS),
        ]
    )


def _of_group(group: str) -> dict[str, str]:
    costs = {age: MEASURED["days"][str(age)][group] for age in AGES}
    return {
        "sent by": group,
        "statements": f"{costs[AGES[-1]]['statements']:,.0f}",
        **{
            f"{what}, day {age:,}": f"{costs[age][what] / MEASURED['events']:,.1f}"
            for what in ("scanned", "written")
            for age in AGES
        },
    }


def _of_day(era: Era, rates: Rates) -> dict[str, str]:
    credits = day(era, rates, AGES[-1])
    return {
        "era": era.name,
        "events": f"{era.events:,.0f}",
        "GB JSON": f"{era.raw_gb:g}",
        **{name: f"{value:.3f}" for name, value in credits._asdict().items()},
        "by the DAG": f"{credits.by_dag:.2f}",
        "$, DAG": f"{credits.by_dag * rates.credit_price:.2f}",
        "by Snowpipe": f"{credits.by_pipe:.2f}",
        "$, Snowpipe": f"{credits.by_pipe * rates.credit_price:.2f}",
    }


def _of_ages(era: Era, rates: Rates) -> dict[str, str]:
    days = {age: day(era, rates, age) for age in AGES}
    return {
        "era": era.name,
        **{f"by the DAG, day {age:,}": f"{days[age].by_dag:.2f}" for age in AGES},
        **{f"by Snowpipe, day {age:,}": f"{days[age].by_pipe:.2f}" for age in AGES},
        **{f"a month's backfill, day {age:,}": f"{backfill(era, rates, age):.0f}" for age in AGES},
    }


def _of_month(era: Era, rates: Rates) -> dict[str, str]:
    one, again = day(era, rates, YEAR), backfill(era, rates, YEAR)
    at_once = reconciled(era, rates)
    quota, spending = int(default("credit_quota")), int(default("serverless_credits"))
    by_dag, by_pipe = MONTH * one.by_dag, MONTH * (one.graph + one.read)
    return {
        "era": era.name,
        "by the DAG": f"{by_dag:.1f}",
        f"of the monitor's {quota}": f"{by_dag / quota:.0%}",
        "a backfill": f"{again:.1f}",
        f"of {quota}": f"{again / quota:.0%}",
        "by Snowpipe: warehouses": f"{by_pipe:.1f}",
        f"of the {quota}": f"{by_pipe / quota:.0%}",
        "serverless": f"{MONTH * one.serverless:.1f}",
        "a month by `reconcile`": f"{at_once:.1f}",
        f"both, of the budget's {spending}": f"{(MONTH * one.serverless + at_once) / spending:.0%}",
    }


def _of_storage(era: Era, rates: Rates) -> dict[str, str]:
    stored = stored_gb(era, rates, YEAR)
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


def _table(rows: Iterable[Mapping[str, str]]) -> str:
    found: Sequence[Mapping[str, str]] = list(rows)
    return table(list(found[0]), _values(found))


def _values(rows: Sequence[Mapping[str, str]]) -> Iterator[list[str]]:
    return (list(row.values()) for row in rows)


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
