"""The page says what the command computes, and the arithmetic follows Snowflake's billing."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cost import ERAS, Rates, day, report, session, stored_gb, with_report

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "cost.md"


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
    assert day(era, Rates(pipe_credits_per_gb=0.01)).pipe == pytest.approx(era.raw_gb * 0.01)


def test_a_backfill_resumes_its_warehouses_once() -> None:
    one, month = (day(ERAS[0], Rates(), days) for days in (1, 30))
    assert month.load < 30 * one.load
    assert month.pipe == pytest.approx(30 * one.pipe)


def test_history_outlives_time_travel_by_the_fail_safe() -> None:
    era = ERAS[1]
    rates = Rates(republished_share=0.5, silver_bytes_per_event=0, gold_bytes_per_event=0)
    *_, history = stored_gb(era, rates, 365)
    assert history == pytest.approx(era.gzip_gb * 0.5 * 8)
