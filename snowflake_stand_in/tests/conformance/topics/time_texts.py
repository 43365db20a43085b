"""Dates and times of texts and numbers, and as texts."""

from datetime import date, datetime, time

from conformance.behaviour import fails, value

_F = "sql-reference/functions/"
_FORMATS = "sql-reference/date-time-input-output"
_AT = datetime(2013, 4, 28, 20, 57, 1)

# Texts that AUTO takes, and the timestamp that each is
_TAKEN = {
    "date": ("2013-04-28", datetime(2013, 4, 28)),
    "month-name": ("17-DEC-1980", datetime(1980, 12, 17)),
    "month-in-full": ("03-April-2024", datetime(2024, 4, 3)),
    "one-digit": ("2013-4-8", datetime(2013, 4, 8)),
    "us": ("12/17/1980", datetime(1980, 12, 17)),
    "us-time": ("2/18/2008 02:36:48", datetime(2008, 2, 18, 2, 36, 48)),
    "hour": ("2013-04-28 20", datetime(2013, 4, 28, 20)),
    "hour-t": ("2013-04-28T20", datetime(2013, 4, 28, 20)),
    "minute": ("2013-04-28T20:57", datetime(2013, 4, 28, 20, 57)),
    "minute-offset": ("2013-04-28 20:57+07:00", datetime(2013, 4, 28, 20, 57)),
    "offset": ("2013-04-28T20:57:01-07:00", _AT),
    "offset-hour": ("2013-04-28 20:57:01-07", _AT),
    "offset-apart": ("2013-04-28 20:57:01 +0700", _AT),
    "offset-colon-apart": ("2013-04-28 20:57:01.5 +07:00", _AT.replace(microsecond=500000)),
    "rfc": ("Thu, 21 Dec 2000 16:01:07 +0200", datetime(2000, 12, 21, 16, 1, 7)),
    "rfc-pm": ("Thu, 21 Dec 2000 04:01:07.123 PM", datetime(2000, 12, 21, 16, 1, 7, 123000)),
    "twitter": ("Mon Jul 08 18:09:51 +0000 2013", datetime(2013, 7, 8, 18, 9, 51)),
    "microseconds": ("31536000000000", datetime(1971, 1, 1)),
    "nanoseconds": ("31536000000000000", datetime(1971, 1, 1)),
}
# Texts that it doesn't take
_NOT_TAKEN = {
    "slashes": "2019/01/02",
    "day-first": "28-04-2013",
    "dots": "2013.04.28",
    "compact-offset": "2013-04-28T20:57:01+0700",
    "no-such-day": "2013-02-30",
    "leap-second": "2013-04-28 20:57:60",
    "hour-24": "2013-04-28 24:00:00",
    "time": "20:57:01",
    "empty": "",
}
# Formats of TO_CHAR, and what each makes of 2024-04-05 13:02:03.456
_WRITTEN = {
    "numbers": ("yyyy.mm.dd", "2024.04.05"),
    "literal": ("mm/dd/yyyy, hh24:mi hours", "04/05/2024, 13:02 hours"),
    "names": ("DY, DD MON YYYY", "Fri, 05 Apr 2024"),
    "full-name": ('MMMM "of" YYYY', "April of 2024"),
    "half": ("HH12:MI:SS AM", "01:02:03 PM"),
    "two-digits": ("YY-MM", "24-04"),
    "short": ("MO/D/YY H12:ME P", "4/5/24 1:2 P"),
    "tenths": ("SS.FF1", "03.4"),
    "nanoseconds": ("SS.FF", "03.456000000"),
    "quoted": ('YYYY"Y"MM', "2024Y04"),
    "zone-of-ntz": ("HH24:MI TZH:TZM", "13:02 Z"),
}
# Formats of TO_TIMESTAMP, their texts, and what comes of them
_READ = {
    "dots": ("YYYY.MM.DD HH24:MI:SS", "2024.10.02 04:00:00", datetime(2024, 10, 2, 4)),
    "compact": ("YYYYMMDD", "20240510", datetime(2024, 5, 10)),
    "lower": ("dd/mm/yyyy hh24:mi:ss", "04/05/2024 01:02:03", datetime(2024, 5, 4, 1, 2, 3)),
    "half": ("MM/DD/YYYY HH12:MI AM", "04/05/2024 12:30 AM", datetime(2024, 4, 5, 0, 30)),
    "name": ("DD MMMM YYYY", "5 mar 2016", datetime(2016, 3, 5)),
    "fraction": ("YYYY-MM-DD HH24:MI:SS.FF", "2024-01-01 00:00:00", datetime(2024, 1, 1)),
    "century": ("YY-MM-DD", "69-01-02", datetime(2069, 1, 2)),
    "auto": ("AUTO", "05-Mar-2016", datetime(2016, 3, 5)),
    "quoted": ('YYYY-MM-DD"T"HH24', "2024-01-01T05", datetime(2024, 1, 1, 5)),
    "no-date": ("HH24:MI", "05:06", datetime(1970, 1, 1, 5, 6)),
}

BEHAVIOURS = [
    *(
        value(
            f"time-auto-{name}",
            f"AUTO takes '{text}'.",
            _FORMATS,
            f"'{text}'::timestamp_ntz",
            expected,
        )
        for name, (text, expected) in _TAKEN.items()
    ),
    *(
        value(
            f"time-auto-not-{name}",
            f"AUTO doesn't take '{text}'.",
            _FORMATS,
            f"try_cast('{text}' as timestamp_ntz)",
            None,
        )
        for name, text in _NOT_TAKEN.items()
    ),
    *(
        value(
            f"time-write-{name}",
            f"The format {form} makes {text}.",
            _FORMATS,
            f"to_char('2024-04-05 13:02:03.456'::timestamp_ntz, '{form}')",
            text,
        )
        for name, (form, text) in _WRITTEN.items()
    ),
    *(
        value(
            f"time-read-{name}",
            f"The format {form} takes {text}.",
            _FORMATS,
            f"to_timestamp_ntz('{text}', '{form}')",
            expected,
        )
        for name, (form, text, expected) in _READ.items()
    ),
    value(
        "time-date-of-timestamp-text",
        "A DATE takes a timestamp's text.",
        "sql-reference/data-types-datetime",
        "'2013-04-28T20:57:01Z'::date",
        date(2013, 4, 28),
    ),
    value(
        "time-date-of-whole-number",
        "A whole number in a text counts seconds for a DATE too.",
        _F + "to_date",
        "to_date('1487654321')",
        date(2017, 2, 21),
    ),
    value(
        "time-date-function",
        "DATE takes a format.",
        _F + "to_date",
        "date('2024.05.10', 'YYYY.MM.DD')",
        date(2024, 5, 10),
    ),
    value("time-time-half", "TIME takes AM and PM.", _FORMATS, "'04:01 PM'::time", time(16, 1)),
    value(
        "time-time-format",
        "TO_TIME takes a format.",
        _F + "to_time",
        "to_time('11.15.00', 'HH24.MI.SS')",
        time(11, 15),
    ),
    value(
        "time-time-of-whole-number",
        "TO_TIME of a whole number is within its day.",
        _F + "to_time",
        "to_time('31536002400')",
        time(0, 0, 2, 400000),
    ),
    value(
        "time-try-to-time",
        "TRY_TO_TIME of bad text is NULL.",
        _F + "try_to_time",
        "try_to_time('25:00')",
        None,
    ),
    value(
        "time-try-format",
        "TRY_TO_DATE of text in another format is NULL.",
        _F + "try_to_date",
        "try_to_date('2024-05-10', 'DD/MM/YYYY')",
        None,
    ),
    value(
        "time-epoch-decimal",
        "A number's fraction counts.",
        _F + "to_timestamp",
        "to_timestamp_ntz(40 * 365.25 * 86400 * 1000 + 456, 3)",
        datetime(2010, 1, 1, 0, 0, 0, 456000),
    ),
    value(
        "time-epoch-nanoseconds",
        "Scale 9 counts nanoseconds.",
        _F + "to_timestamp",
        "to_timestamp(1000000000, 9)",
        datetime(1970, 1, 1, 0, 0, 1),
    ),
    value(
        "time-in-pipes",
        "|| writes a timestamp as a cast does.",
        "sql-reference/functions/concat",
        "'at ' || '2024-04-05'::timestamp_ntz",
        "at 2024-04-05 00:00:00.000",
    ),
    value(
        "time-in-concat",
        "CONCAT writes a DATE as a cast does.",
        "sql-reference/functions/concat",
        "concat('2024-04-05'::date, '!')",
        "2024-04-05!",
    ),
    value(
        "time-in-list",
        "A text in a list is converted to compare it.",
        "sql-reference/data-type-conversion",
        "'2015-01-01'::date in ('01-Jan-2015', '02-Jan-2015')",
        True,
    ),
    fails(
        "time-bad-date",
        "Text that is no date is 100040.",
        _F + "to_date",
        ["select 'bad'::date"],
        100040,
    ),
    fails(
        "time-bad-format",
        "Text in another format than is given is 100096.",
        _F + "to_timestamp",
        ["select to_timestamp('2019-02-2823:59:59 -07:00', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')"],
        100096,
    ),
    fails(
        "time-try-cast-number",
        "TRY_CAST takes texts alone.",
        _F + "try_cast",
        ["select try_cast(1 as timestamp_ntz)"],
    ),
]
