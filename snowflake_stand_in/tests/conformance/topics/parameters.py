"""Session parameters that change what dates and times are."""

from datetime import date, datetime

from conformance.behaviour import fails, rows

_PAGE = "sql-reference/parameters"
_WEEKS = "sql-reference/functions-date-time"
_WEEK = (
    "select dayofweek(d), to_char(date_trunc('week', d)), to_char(last_day(d, 'week')),"
    " datediff('week', '2017-01-01', d), week(d), yearofweek(d), weekiso(d)"
    " from (select '{}'::date as d)"
)
# WEEK_OF_YEAR_POLICY, WEEK_START, a day, and what the reference shows of it
_OF_WEEKS = [
    (0, 0, "2017-01-01", (0, "2016-12-26", "2017-01-01", 0, 52, 2016, 52)),
    (0, 1, "2017-01-01", (7, "2016-12-26", "2017-01-01", 0, 52, 2016, 52)),
    (0, 3, "2017-01-02", (6, "2016-12-28", "2017-01-03", 0, 53, 2016, 1)),
    (0, 3, "2017-01-04", (1, "2017-01-04", "2017-01-10", 1, 1, 2017, 1)),
    (1, 1, "2017-01-02", (1, "2017-01-02", "2017-01-08", 1, 2, 2017, 1)),
    (1, 3, "2017-01-04", (1, "2017-01-04", "2017-01-10", 1, 2, 2017, 1)),
    (1, 3, "2017-12-31", (5, "2017-12-27", "2018-01-02", 52, 53, 2017, 52)),
]
_TZ = "'2024-01-02 13:14:15 +02:00'::timestamp_tz"

BEHAVIOURS = [
    *(
        rows(
            f"parameter-week-{policy}-{start}-{day}",
            f"WEEK_OF_YEAR_POLICY {policy}, WEEK_START {start}: {day}.",
            _WEEKS,
            [
                f"alter session set week_of_year_policy = {policy}, week_start = {start}",
                _WEEK.format(day),
            ],
            expected,
        )
        for policy, start, day, expected in _OF_WEEKS
    ),
    rows(
        "parameter-date-output",
        "DATE_OUTPUT_FORMAT is how a DATE becomes text.",
        "sql-reference/functions/to_date",
        [
            "alter session set date_output_format = 'DD-MON-YYYY'",
            "select '2024-05-10'::date::varchar, 'on ' || '2024-05-10'::date",
        ],
        ("10-May-2024", "on 10-May-2024"),
    ),
    rows(
        "parameter-timestamp-output",
        "Each kind of timestamp has a format, or TIMESTAMP_OUTPUT_FORMAT.",
        _PAGE,
        [
            "alter session set timestamp_output_format = 'YYYY TZH:TZM',"
            " timestamp_ntz_output_format = 'HH24:MI'",
            f"select {_TZ}::varchar, to_char({_TZ}::timestamp_ntz)",
        ],
        ("2024 +02:00", "13:14"),
    ),
    rows(
        "parameter-ntz-output-zone",
        "A TIMESTAMP_NTZ has the zone Z.",
        "sql-reference/data-types-datetime",
        [
            "alter session set timestamp_ntz_output_format = 'HH24:MI TZHTZM'",
            "select '2024-01-02 13:14:15'::timestamp_ntz::varchar",
        ],
        ("13:14 Z",),
    ),
    rows(
        "parameter-time-output",
        "TIME_OUTPUT_FORMAT is how a TIME becomes text.",
        _PAGE,
        ["alter session set time_output_format = 'HH12:MI AM'", "select '13:14'::time::varchar"],
        ("01:14 PM",),
    ),
    rows(
        "parameter-date-input",
        "DATE_INPUT_FORMAT is how a text becomes a DATE.",
        _PAGE,
        [
            "alter session set date_input_format = 'DD/MM/YYYY'",
            "select '02/01/2024'::date, try_cast('2024-01-02' as date),"
            " '03/01/2024' > '02/01/2024'::date",
        ],
        (date(2024, 1, 2), None, True),
    ),
    rows(
        "parameter-timestamp-input",
        "TIMESTAMP_INPUT_FORMAT is how a text becomes a timestamp; a given format goes before.",
        _PAGE,
        [
            "alter session set timestamp_input_format = 'DD/MM/YYYY HH24:MI'",
            "select '02/01/2024 03:04'::timestamp_ntz, to_timestamp_ntz('2024-05-06', 'AUTO')",
        ],
        (datetime(2024, 1, 2, 3, 4), datetime(2024, 5, 6)),
    ),
    fails(
        "parameter-date-input-only",
        "Under DATE_INPUT_FORMAT other texts are an error.",
        _PAGE,
        ["alter session set date_input_format = 'DD/MM/YYYY'", "select '2024-01-02'::date"],
        100096,
    ),
    rows(
        "parameter-date-input-written",
        "INSERT, UPDATE and MERGE follow DATE_INPUT_FORMAT.",
        _PAGE,
        [
            "create table t (n number, d date)",
            "alter session set date_input_format = 'DD/MM/YYYY'",
            "insert into t values (1, '02/01/2024')",
            "insert into t select 2, '03/01/2024'",
            "update t set d = '04/01/2024' where d = '02/01/2024'",
            "merge into t using (select 3 as n, '05/01/2024' as d) as s on t.n = s.n"
            " when not matched then insert (n, d) values (s.n, s.d)",
            "select n, d from t order by n",
        ],
        (1, date(2024, 1, 4)),
        (2, date(2024, 1, 3)),
        (3, date(2024, 1, 5)),
    ),
    rows(
        "parameter-type-mapping",
        "TIMESTAMP_TYPE_MAPPING says what TIMESTAMP is, in casts and columns.",
        _PAGE,
        [
            "alter session set timestamp_type_mapping = TIMESTAMP_TZ",
            "create table t (at timestamp)",
            "insert into t values ('2024-01-02 13:14:15 +02:00')",
            "select at::varchar, '2024-01-02 13:14:15 +03:00'::timestamp::varchar,"
            " to_timestamp('2024-01-02 13:14:15 +04:00')::varchar from t",
        ],
        (
            "2024-01-02 13:14:15.000 +0200",
            "2024-01-02 13:14:15.000 +0300",
            "2024-01-02 13:14:15.000 +0400",
        ),
    ),
    rows(
        "parameter-century",
        "TWO_DIGIT_CENTURY_START is the first year of two digits.",
        _PAGE,
        [
            "alter session set two_digit_century_start = 1980",
            "select to_date('79-01-01', 'YY-MM-DD'), to_date('80-01-01', 'YY-MM-DD')",
        ],
        (date(2079, 1, 1), date(1980, 1, 1)),
    ),
    rows(
        "parameter-ignore-case",
        "QUOTED_IDENTIFIERS_IGNORE_CASE takes quoted names for those in upper case.",
        _PAGE,
        [
            "create table t (n number)",
            "insert into t values (1)",
            "alter session set quoted_identifiers_ignore_case = true",
            'select "t"."n" from "t"',
        ],
        (1,),
    ),
    fails(
        "parameter-bad-value",
        "A value that a parameter can't have is an error.",
        _PAGE,
        ["alter session set week_start = 9"],
    ),
    fails(
        "parameter-bad-zone",
        "A TIMEZONE that there isn't is an error.",
        _PAGE,
        ["alter session set timezone = 'Mars/Olympus'"],
    ),
    rows(
        "parameter-formats-spare-definitions",
        "What is defined follows no session's format of times.",
        "sql-reference/parameters",
        [
            "alter session set timestamp_input_format = 'DD/MM/YYYY HH24:MI'",
            "create or replace file format own type = json",
            "show file formats like 'OWN'",
            'select "name", "type" from table(result_scan(last_query_id()))',
        ],
        ("OWN", "JSON"),
    ),
]
