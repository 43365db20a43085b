"""What is computed of dates and times."""

from datetime import date, datetime, time

from conformance.behaviour import fails, value

_F = "sql-reference/functions/"
_PARTS = "sql-reference/functions-date-time"
_TS = "'2024-04-08 23:39:20.123'::timestamp_ntz"

# A function's page, a call, and its value
_CALLS = {
    "add-rounds": ("dateadd", "dateadd('day', 1.5, '2024-05-09'::date)", date(2024, 5, 11)),
    "add-week": ("dateadd", "dateadd(w, -1, '2024-05-09'::date)", date(2024, 5, 2)),
    "add-quarter": ("dateadd", "dateadd(qtr, 1, '2023-11-30'::date)", date(2024, 2, 29)),
    "add-of-text": ("dateadd", "dateadd(day, 1, '2024-05-09')", datetime(2024, 5, 10)),
    "add-to-time": ("timeadd", "timeadd(hour, 3, to_time('05:00:00'))", time(8)),
    "diff-week": ("datediff", "datediff(week, '2017-01-01', '2017-01-02')", 1),
    "diff-quarter": ("datediff", "datediff(q, '2017-01-01'::date, '2017-04-01'::date)", 1),
    "diff-milliseconds": (
        "timediff",
        "timediff(ms, '10:00:00'::time, '10:00:01.1239'::time)",
        1123,
    ),
    "diff-of-texts": ("datediff", "datediff(month, '2016-08-23', '2016-09-07')", 1),
    "diff-months": ("datediff", "datediff(month, '2021-01-01'::date, '2021-02-28'::date)", 1),
    "trunc-quarter": ("date_trunc", f"date_trunc('quarter', {_TS})", datetime(2024, 4, 1)),
    "trunc-of-time": ("date_trunc", "date_trunc(minute, '08:50:48'::time)", time(8, 50)),
    "trunc-iso-year": (
        "date_trunc",
        "date_trunc(yearofweekiso, '2024-12-31'::date)",
        date(2024, 12, 30),
    ),
    "trunc-swapped": ("trunc2", "trunc('2024-05-09'::date, 'month')", date(2024, 5, 1)),
    "slice": ("time_slice", "time_slice('2019-02-28'::date, 4, 'MONTH')", date(2019, 1, 1)),
    "slice-end": (
        "time_slice",
        "time_slice('2019-02-28'::date, 4, 'MONTH', 'END')",
        date(2019, 5, 1),
    ),
    "slice-weeks": (
        "time_slice",
        "time_slice('2018-07-31'::date, 2, 'WEEK', 'START')",
        date(2018, 7, 23),
    ),
    "slice-hours": (
        "time_slice",
        "time_slice('2019-02-28 12:34:56.789'::timestamp_ntz, 8, 'HOUR')",
        datetime(2019, 2, 28, 8),
    ),
    "slice-before-1970": (
        "time_slice",
        "time_slice('1969-12-31'::date, 15, 'YEAR')",
        date(1955, 1, 1),
    ),
    "last-day-of-week": ("last_day", "last_day('2024-05-09'::date, 'week')", date(2024, 5, 12)),
    "last-day-of-year": ("last_day", f"last_day({_TS}, 'year')", date(2024, 12, 31)),
    "next-day": ("next_day", "next_day('2024-05-09'::date, 'Friday ')", date(2024, 5, 10)),
    "next-day-same": ("next_day", "next_day('2024-05-10'::date, 'fr')", date(2024, 5, 17)),
    "previous-day": ("previous_day", "previous_day('2024-05-09'::date, 'th')", date(2024, 5, 2)),
    "month-name": ("monthname", "monthname('2024-05-09'::date)", "May"),
    "add-months": (
        "add_months",
        "add_months('2016-05-15'::timestamp_ntz, 2)",
        datetime(2016, 7, 15),
    ),
    "add-months-end": ("add_months", "add_months('2016-02-29'::date, 1)", date(2016, 3, 31)),
    "months-between": (
        "months_between",
        "months_between('2019-03-01 02:00:00'::timestamp, '2019-02-15 01:00:00'::timestamp)",
        0.549731,
    ),
    "months-between-ends": (
        "months_between",
        "months_between('2019-03-31 01:00:00'::timestamp, '2019-02-28 13:00:00'::timestamp)",
        1,
    ),
    "date-from-negative-parts": (
        "date_from_parts",
        "date_from_parts(2004, -1, -1)",
        date(2003, 10, 30),
    ),
    "date-from-day-100": ("date_from_parts", "date_from_parts(2010, 1, 100)", date(2010, 4, 10)),
    "timestamp-from-parts": (
        "timestamp_from_parts",
        "timestamp_from_parts(2013, 4, 5, 12, 0, -3600)",
        datetime(2013, 4, 5, 11),
    ),
    "timestamp-from-two": (
        "timestamp_from_parts",
        "timestamp_ntz_from_parts(to_date('2013-04-05'), to_time('12:00:00'))",
        datetime(2013, 4, 5, 12),
    ),
    "time-from-parts": ("time_from_parts", "time_from_parts(12, 0, 12345)", time(15, 25, 45)),
    "interval-list": (
        "../data-types-datetime",
        "to_date('2018-04-15') + interval '1 year, 3 quarters, 4 months, 5 weeks, 6 days'",
        date(2020, 6, 25),
    ),
    "interval-back": (
        "../data-types-datetime",
        "'2018-04-15 10:00'::timestamp_ntz - interval '90 minutes'",
        datetime(2018, 4, 15, 8, 30),
    ),
    "epoch-second": ("date_part", f"date_part(epoch_second, {_TS})", 1712619560),
    "epoch-millisecond": ("date_part", f"date_part(epoch_millisecond, {_TS})", 1712619560123),
    "epoch-before-1970": ("date_part", "date_part(epoch, '1969-12-31 23:59:59.5'::timestamp)", -1),
    "nanosecond": ("date_part", f"date_part(nanosecond, {_TS})", 123000000),
    "hour-of-time": ("hour-minute-second", "hour('12:34:56'::time)", 12),
    "year-of-iso-week": ("year", "yearofweekiso('2016-01-02'::timestamp)", 2015),
    "week-of-year": ("year", "weekofyear('2016-01-02'::timestamp)", 53),
}

BEHAVIOURS = [
    *(
        value(f"times-{name}", f"{call} is {expected}.", _F + page, call, expected)
        for name, (page, call, expected) in _CALLS.items()
    ),
    fails(
        "times-unknown-part",
        "A part that there isn't is an error.",
        _PARTS,
        ["select date_trunc('fortnight', '2024-05-09'::date)"],
    ),
    fails(
        "times-days-of-time",
        "A TIME has no days.",
        _F + "date_trunc",
        ["select date_trunc('day', '08:50:48'::time)"],
    ),
]
