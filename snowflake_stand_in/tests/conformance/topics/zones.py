"""TIMESTAMP_LTZ and TIMESTAMP_TZ, and the TIMEZONE that they follow."""

from datetime import datetime, timedelta, timezone

from conformance.behaviour import fails, rows, value

_TYPES = "sql-reference/data-types-datetime"
_CONVERT = "sql-reference/functions/convert_timezone"
_TO = "sql-reference/functions/to_timestamp"
_PARTS = "sql-reference/functions/timestamp_from_parts"
_LA = "alter session set timezone = 'America/Los_Angeles'"
_NY = "alter session set timezone = 'America/New_York'"

# What is written after a session's TIMEZONE is Los Angeles', an expression, and its text
_IN_LOS_ANGELES = {
    "convert-text": (
        _CONVERT,
        "convert_timezone('America/Los_Angeles', '2024-04-05 12:00:00 +02:00')",
        "2024-04-05 03:00:00.000 -0700",
    ),
    "convert-ltz": (
        _CONVERT,
        "convert_timezone('UTC', '2024-04-05 09:00:00'::timestamp_ltz)",
        "2024-04-05 16:00:00.000 +0000",
    ),
    "convert-ntz": (
        _CONVERT,
        "convert_timezone('UTC', '2024-04-05 12:00:00'::timestamp_ntz)",
        "2024-04-05 19:00:00.000 +0000",
    ),
    "convert-date": (
        _CONVERT,
        "convert_timezone('UTC', '2024-04-05'::date)",
        "2024-04-05 07:00:00.000 +0000",
    ),
    "convert-between": (
        _CONVERT,
        "convert_timezone('Europe/Warsaw', 'UTC', '2024-01-01 00:00:00'::timestamp_ntz)",
        "2023-12-31 23:00:00.000",
    ),
    "cast": (_TYPES, "'2024-01-01 12:00:00'::timestamp_tz", "2024-01-01 12:00:00.000 -0800"),
    "add": (
        _TYPES,
        "dateadd(month, 6, '2024-01-01 12:00:00'::timestamp_tz)",
        "2024-07-01 12:00:00.000 -0800",
    ),
    "add-ltz": (
        _TYPES,
        "dateadd(month, 6, '2024-01-01 12:00:00'::timestamp_ltz)",
        "2024-07-01 12:00:00.000 -0700",
    ),
    "to-tz": (_TO, "to_timestamp_tz('2024-04-05 01:02:03')", "2024-04-05 01:02:03.000 -0700"),
    "to-tz-format": (
        _TO,
        "to_timestamp_tz('04/05/2024 01:02:03', 'dd/mm/yyyy hh24:mi:ss')",
        "2024-05-04 01:02:03.000 -0700",
    ),
    "variant-number": (_TO, "to_timestamp_ntz(parse_json('0'))", "1969-12-31 16:00:00.000"),
    "number": (_TO, "to_timestamp_ntz(0)", "1970-01-01 00:00:00.000"),
    "number-ltz": (_TO, "to_timestamp_ltz(0)", "1969-12-31 16:00:00.000 -0800"),
    "parts-ltz": (
        _PARTS,
        "timestamp_ltz_from_parts(2013, 4, 5, 12, 0, 0)",
        "2013-04-05 12:00:00.000 -0700",
    ),
    "parts-tz": (
        _PARTS,
        "timestamp_tz_from_parts(2013, 4, 5, 12, 0, 0, 0, 'America/New_York')",
        "2013-04-05 12:00:00.000 -0400",
    ),
    "ltz-of-offset": (
        _TYPES,
        "'2024-01-02 16:00:00 +00:00'::timestamp_ltz::timestamp_ntz",
        "2024-01-02 08:00:00.000",
    ),
    "tz-to-ntz": (
        _TYPES,
        "'2024-01-02 16:00:00 +05:00'::timestamp_tz::timestamp_ntz",
        "2024-01-02 16:00:00.000",
    ),
    "trunc-tz": (
        "sql-reference/functions/date_trunc",
        "date_trunc(day, '2024-01-02 16:00:00 +05:00'::timestamp_tz)",
        "2024-01-02 00:00:00.000 +0500",
    ),
    "offset-part": (
        "sql-reference/functions/date_part",
        "date_part(tzh, '2024-01-02 16:00:00 -05:30'::timestamp_tz) || ' '"
        " || date_part(tzm, '2024-01-02 16:00:00 -05:30'::timestamp_tz)",
        "-5 -30",
    ),
}
_ROWS = [
    "insert into t values ('2024-01-01 16:00:00')",
    "insert into t values ('2024-01-02 16:00:00 +00:00')",
    _NY,
    "select to_varchar(ts), hour(ts) from t order by ts",
]

BEHAVIOURS = [
    *(
        rows(
            f"zone-{name}", f"{call} is {text}.", page, [_LA, f"select to_varchar({call})"], (text,)
        )
        for name, (page, call, text) in _IN_LOS_ANGELES.items()
    ),
    rows(
        "zone-ltz-table",
        "A TIMESTAMP_LTZ is shown in the zone of who reads it.",
        _TYPES,
        ["create table t (ts timestamp_ltz)", _LA, *_ROWS],
        ("2024-01-01 19:00:00.000 -0500", 19),
        ("2024-01-02 11:00:00.000 -0500", 11),
    ),
    rows(
        "zone-tz-table",
        "A TIMESTAMP_TZ keeps its offset.",
        _TYPES,
        ["create table t (ts timestamp_tz)", _LA, *_ROWS],
        ("2024-01-01 16:00:00.000 -0800", 16),
        ("2024-01-02 16:00:00.000 +0000", 16),
    ),
    rows(
        "zone-ntz-table",
        "A TIMESTAMP_NTZ is what was written.",
        _TYPES,
        ["create table t (ts timestamp_ntz)", _LA, *_ROWS],
        ("2024-01-01 16:00:00.000", 16),
        ("2024-01-02 16:00:00.000", 16),
    ),
    value(
        "zone-tz-arrives",
        "A TIMESTAMP_TZ arrives with its offset.",
        _TYPES,
        "'2024-01-01 12:00:00 +02:00'::timestamp_tz",
        datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        "TIMESTAMP_TZ",
    ),
    value(
        "zone-now-is-ltz",
        "CURRENT_TIMESTAMP is a TIMESTAMP_LTZ.",
        "sql-reference/functions/current_timestamp",
        "current_timestamp() between dateadd(minute, -1, current_timestamp())"
        " and dateadd(minute, 1, getdate())",
        True,
    ),
    rows(
        "zone-now-local",
        "CURRENT_TIMESTAMP without its zone is the session's time.",
        "sql-reference/functions/current_timestamp",
        [
            _LA,
            "select current_timestamp()::timestamp_ntz"
            " = convert_timezone('UTC', 'America/Los_Angeles', sysdate())",
        ],
        (True,),
    ),
    value(
        "zone-tz-compared",
        "TIMESTAMP_TZs are compared as times in UTC.",
        _TYPES,
        "'2024-01-01 00:00:00 +0000'::timestamp_tz = '2024-01-01 01:00:00 +0100'::timestamp_tz",
        True,
    ),
    value(
        "zone-hours-between",
        "Hours between TIMESTAMP_TZs are counted in UTC.",
        "sql-reference/functions/datediff",
        "datediff(hour, '2024-01-01 00:00:00 +0000'::timestamp_tz,"
        " '2024-01-01 00:00:00 -0500'::timestamp_tz)",
        5,
    ),
    rows(
        "zone-variable",
        "A variable keeps a TIMESTAMP_TZ's offset.",
        "sql-reference/session-variables",
        ["set at = '2024-01-01 10:00:00 +03:00'::timestamp_tz", "select to_varchar($at)"],
        ("2024-01-01 10:00:00.000 +0300",),
    ),
    fails(
        "zone-unknown",
        "Names of zones mind case.",
        _CONVERT,
        ["select convert_timezone('utc', 'europe/berlin', '2024-01-01'::timestamp_ntz)"],
    ),
]
