"""The parts of dates and times, by all their names."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.sql.errors import compilation

_NAMES = {
    "YEAR": "Y YY YYY YYYY YR YEARS YRS",
    "MONTH": "MM MON MONS MONTHS",
    "DAY": "D DD DAYS DAYOFMONTH",
    "DAYOFWEEK": "WEEKDAY DOW DW",
    "DAYOFWEEK_ISO": "DAYOFWEEKISO WEEKDAY_ISO DOW_ISO DW_ISO",
    "DAYOFYEAR": "YEARDAY DOY DY",
    "WEEK": "W WK WEEKOFYEAR WOY WY WEEKS",
    "WEEK_ISO": "WEEKISO WEEKOFYEARISO WEEKOFYEAR_ISO",
    "QUARTER": "Q QTR QTRS QUARTERS",
    "YEAROFWEEK": "",
    "YEAROFWEEKISO": "",
    "HOUR": "H HH HR HOURS HRS",
    "MINUTE": "M MI MIN MINUTES MINS",
    "SECOND": "S SEC SECONDS SECS",
    "MILLISECOND": "MS MSEC MILLISECONDS",
    "MICROSECOND": "US USEC MICROSECONDS",
    "NANOSECOND": "NS NSEC NANOSEC NSECOND NANOSECONDS NANOSECS NSECONDS",
    "EPOCH_SECOND": "EPOCH EPOCH_SECONDS",
    "EPOCH_MILLISECOND": "EPOCH_MILLISECONDS",
    "EPOCH_MICROSECOND": "EPOCH_MICROSECONDS",
    "EPOCH_NANOSECOND": "EPOCH_NANOSECONDS",
    "TIMEZONE_HOUR": "TZH",
    "TIMEZONE_MINUTE": "TZM",
}
_BY_NAME = {name: found for found, names in _NAMES.items() for name in (found, *names.split())}

DAYS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")
TIMES = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND")
MOVABLE = DAYS + TIMES


def part(node: exp.Expr | None) -> str:
    """Return a part's name, or raise Snowflake's error."""
    name = node.name.upper() if node is not None else ""
    found = _BY_NAME.get(name)
    if found is None:
        raise compilation(1035, f"'{name}' is not a valid date/time component.")
    return found


def one_of(unit: str, allowed: tuple[str, ...], function: str) -> None:
    """Raise Snowflake's error unless a function takes a part."""
    if unit not in allowed:
        raise compilation(
            1035, f"'{unit}' is not a valid date/time component for function {function}."
        )
