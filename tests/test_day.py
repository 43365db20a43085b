"""Which day and hours a run is about, by any way to start it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.day import FIRST_DAY, DayError, parse_hours, plan_day

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


def day_of(day: str | None = None, logical_date: datetime | None = None) -> str:
    """Return the day that a run with this parameter and logical date is about."""
    return plan_day(day, "0-23", logical_date, NOW).day


def test_the_parameter_wins_over_the_logical_date() -> None:
    """A user who names a day gets it, from any form or command."""
    assert day_of("2015-01-01", datetime(2020, 5, 5, tzinfo=UTC)) == "2015-01-01"


def test_a_scheduled_run_is_about_its_logical_date() -> None:
    """The schedule, a backfill and `dags test` say the day by the logical date."""
    assert day_of(logical_date=datetime(2015, 1, 1, tzinfo=UTC)) == "2015-01-01"


def test_the_present_as_logical_date_means_the_last_complete_day() -> None:
    """The UI's form fills in the present, whose day isn't over."""
    assert day_of(logical_date=NOW) == "2026-11-22"


def test_without_anything_it_is_the_last_complete_day() -> None:
    """An API trigger may carry neither parameter nor logical date."""
    assert day_of() == "2026-11-22"


def test_today_can_be_asked_for() -> None:
    """Hours already published can be loaded before the day is over."""
    assert day_of("2026-11-23") == "2026-11-23"


def test_hours_are_those_of_the_day_in_order() -> None:
    """A plan lists its file hours as the ingest tasks take them."""
    plan = plan_day("2024-03-05", "17,14-15", None, NOW)
    assert plan.hours == ["2024-03-05T14", "2024-03-05T15", "2024-03-05T17"]


@pytest.mark.parametrize("day", ["2011-02-11", "2026-11-24", "yesterday", "2015-02-30", "20x5"])
def test_a_day_the_archive_cannot_have_is_refused(day: str) -> None:
    """The message names the day, so that a typo is seen."""
    with pytest.raises(DayError, match=day):
        plan_day(day, "0-23", None, NOW)


@pytest.mark.parametrize("hours", ["24", "-1", "17-14", "", "noon", "1,,2", "0-24"])
def test_malformed_hours_are_refused(hours: str) -> None:
    """Never a guess, and never an empty day."""
    with pytest.raises(DayError, match="give hours from 0 to 23"):
        parse_hours(hours)


@given(st.sets(st.integers(0, 23), min_size=1))
def test_any_set_of_hours_can_be_asked_for(hours: set[int]) -> None:
    """A list of hours in any order gives exactly those hours."""
    assert parse_hours(",".join(map(str, hours))) == sorted(hours)


@given(st.dates(FIRST_DAY, date(2026, 11, 22)), st.timedeltas(timedelta(0), timedelta(hours=23)))
def test_every_logical_date_of_a_complete_day_is_that_day(day: date, later: timedelta) -> None:
    """The hour of a logical date doesn't move the day."""
    logical_date = datetime(day.year, day.month, day.day, tzinfo=UTC) + later
    assert day_of(logical_date=logical_date) == day.isoformat()
