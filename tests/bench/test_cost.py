"""The page says what the command computes, and the arithmetic follows Snowflake's billing."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cost import (
    AGES,
    ERAS,
    MEASURED,
    MONTH,
    YEAR,
    Era,
    Rates,
    backfill,
    data_seconds,
    day,
    default,
    reconciled,
    report,
    session,
    stored_gb,
    with_report,
)
from bench.dbt.groups import ALS, MODELS, READERS

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "cost.md"
SETTINGS = PROJECT / "docs" / "settings.md"
OLD = AGES[-1]


def test_page_and_command_agree() -> None:
    """If this fails: `python -m bench.cost --page docs/cost.md`."""
    page = PAGE.read_text()
    assert page == with_report(page, report(Rates()))


def test_command_takes_prices() -> None:
    command = [sys.executable, "-m", "bench.cost", "--credit-price", "2.5"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == report(Rates(credit_price=2.5)) + "\n"


def test_an_hour_at_work_costs_a_credit_and_the_wait_for_suspension() -> None:
    assert session("load", 3600) == pytest.approx(1 + 60 / 3600)


def test_snowpipe_bills_uncompressed_gigabytes() -> None:
    era = ERAS[1]
    found = day(era, Rates(pipe_credits_per_gb=0.01), OLD).pipe
    assert found == pytest.approx(era.raw_gb * 0.01)


def test_work_grows_with_the_days_events_but_for_rankings_and_hours() -> None:
    small, large = (data_seconds([ALS], era, Rates(), OLD) for era in ERAS[:2])
    assert large / small == pytest.approx(ERAS[1].events / ERAS[0].events)
    read = MEASURED["days"][str(OLD)][ALS]["scanned_bytes"] / MEASURED["events"]
    assert small == pytest.approx(ERAS[0].events * read / 1e6 / Rates().scan_mb_per_second)

    of_views = MEASURED["days"][str(OLD)][READERS]
    as_measured = of_views["scanned_bytes"] / 1e6 / Rates().scan_mb_per_second
    times = ERAS[1].events / MEASURED["events"]
    fixed = of_views["fixed"] / of_views["scanned"]
    assert 0.5 < fixed < 1
    found = data_seconds([READERS], ERAS[1], Rates(), OLD)
    assert found == pytest.approx(as_measured * (fixed + (1 - fixed) * times))


@pytest.mark.parametrize("era", ERAS, ids=lambda era: era.name)
@pytest.mark.parametrize("age", AGES)
def test_the_default_limits_hold_what_the_documentation_has_people_run(era: Era, age: int) -> None:
    """A month's backfill, and days by either path: of any era within a year of history."""
    rates = Rates()
    one, quota = day(era, rates, age), int(default("credit_quota"))
    assert backfill(era, rates, age) <= quota
    if era == ERAS[-1] or age <= YEAR:
        assert MONTH * max(one.by_dag, one.graph + one.read) <= quota
    assert MONTH * one.serverless + reconciled(era, rates) <= int(default("serverless_credits"))
    assert f"| `GHARCHIVE_CREDIT_QUOTA` | {quota} |" in SETTINGS.read_text()


def test_history_of_bronze_alone_outlives_time_travel_by_the_fail_safe() -> None:
    era = ERAS[1]
    *_, one = stored_gb(era, Rates(republished_share=0.5), 365)
    *_, none = stored_gb(era, Rates(republished_share=0), 365)
    assert one - none == pytest.approx(era.gzip_gb * 0.5 * 8)
    written = sum(MEASURED["days"][str(OLD)][group]["written_bytes"] for group in MODELS)
    assert none == pytest.approx(written / 2 / MEASURED["events"] * era.events / 1e9)

    sql = PROJECT / "include"
    made = (
        (sql / "dbt" / "macros" / "change_set.sql").read_text(),
        (sql / "sql" / "migrations" / "R__9_models.sql").read_text(),
    )
    assert all("create or replace transient table" in text for text in made)
    assert "create table if not exists" in (sql / "sql/migrations/V1.3__bronze.sql").read_text()
