"""Which UTC day a run is about, and which of its hours: the one place that decides it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2011, 2, 12)
"""The archive's first day."""


class DayError(ValueError):
    """The run asks for a day or for hours that the archive can't have."""


@dataclass(frozen=True)
class DayPlan:
    """A run's work: the day, and its file hours as `YYYY-MM-DDTHH`, in order."""

    day: str
    hours: list[str]


def plan_day(day: str | None, hours: str, logical_date: datetime | None, now: datetime) -> DayPlan:
    """Decide a run's day and hours.

    `day` (`YYYY-MM-DD`) wins; without it the day of the logical date counts, which the schedule
    and a backfill set to the day they are about, but never a day that isn't over: the UI fills in
    the present. Without either it is the last complete UTC day. `now` is aware.
    Raises DayError for a day outside the archive or for malformed hours.
    """
    last_complete = now.astimezone(UTC).date() - timedelta(days=1)
    if day:
        chosen = _parse_day(day)
    elif logical_date:
        chosen = min(logical_date.astimezone(UTC).date(), last_complete)
    else:
        chosen = last_complete
    if not FIRST_DAY <= chosen <= now.astimezone(UTC).date():
        raise DayError(
            f"day {chosen} is outside the archive: it begins on {FIRST_DAY} and ends today (UTC)"
        )
    return DayPlan(
        day=chosen.isoformat(),
        hours=[f"{chosen}T{hour:02d}" for hour in parse_hours(hours)],
    )


def parse_hours(hours: str) -> list[int]:
    """Turn `14-17`, `12` or `0,6,12-14` into sorted hours of the day; DayError if it's neither."""
    chosen: set[int] = set()
    for part in hours.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            span = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            span = range(0)
        if not span or span[0] < 0 or span[-1] > 23:
            raise DayError(
                f"hours {hours!r}: give hours from 0 to 23 such as 12, 14-17 or 0,6,12-14"
            )
        chosen.update(span)
    return sorted(chosen)


def _parse_day(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise DayError(f"day {day!r} is no date: write it as YYYY-MM-DD") from None
