"""Values of several types where one is wanted: what Snowflake converts without a cast."""

import datetime
from decimal import Decimal

from conformance.behaviour import fails, rows, value

_PAGE = "sql-reference/data-type-conversion"
_COALESCE = "sql-reference/functions/coalesce"
_SEMI = "user-guide/semistructured-considerations"
_DAY = datetime.date(2016, 3, 5)
_T = (
    "(select 1 as n, 1.25::number(10, 2) as x, '2024-01-01'::date as d, 'x' as s, "
    'parse_json(\'{"a": 1.4, "b": "x", "c": 1.0, "d": "2024-01-01"}\') as v)'
)

BEHAVIOURS = [
    value(
        "coerce-text-compared",
        "A text compared with a number is that number, with its fraction.",
        _PAGE,
        f"(select n = '1.4' from {_T})",
        False,
    ),
    value(
        "coerce-text-in",
        "So are the texts of IN …",
        _PAGE,
        f"(select n in ('1.4', '2') from {_T})",
        False,
    ),
    value(
        "coerce-text-between",
        "… and of BETWEEN.",
        _PAGE,
        f"(select n between '1.1' and '1.9' from {_T})",
        False,
    ),
    value(
        "coerce-constants",
        "Constants, too, are compared as numbers.",
        _PAGE,
        "'1.4' = 1",
        False,
    ),
    value(
        "coerce-iff-date",
        "IFF reads a text beside a date by the input format.",
        "sql-reference/functions/iff",
        f"(select iff(n = 1, '05-Mar-2016', d) from {_T})",
        _DAY,
    ),
    value(
        "coerce-coalesce-date",
        "So does COALESCE …",
        _COALESCE,
        f"(select coalesce(null, '05-Mar-2016', d) from {_T})",
        _DAY,
    ),
    value(
        "coerce-case-date",
        "… and CASE.",
        "sql-reference/functions/case",
        f"(select case when n = 1 then '05-Mar-2016' else d end from {_T})",
        _DAY,
    ),
    value(
        "coerce-iff-number",
        "IFF makes a number of a text beside a number (from memory).",
        "sql-reference/functions/iff",
        f"(select iff(n = 1, '1.5', x) from {_T})",
        Decimal("1.5"),
    ),
    fails(
        "coerce-coalesce-bad-number",
        "COALESCE of a number and what is none is an error.",
        _COALESCE,
        [f"select coalesce(n, 'none') as x from {_T}"],
        100038,
    ),
    fails(
        "coerce-coalesce-bad-date",
        "COALESCE of a date and what is none is an error.",
        _COALESCE,
        [f"select coalesce(null, '', d) as x from {_T}"],
    ),
    value(
        "coerce-variant-numbers",
        "Equal numbers in VARIANTs are equal, whatever their digits (from memory).",
        _SEMI,
        "parse_json('[1, 2, 100]') = parse_json('[1.0, 2e0, 1e2]')",
        True,
    ),
    value(
        "coerce-variant-path-numbers",
        "So are those below paths (from memory).",
        _SEMI,
        f"(select v:c = parse_json('1') from {_T})",
        True,
    ),
    value(
        "coerce-variant-with-number",
        "A VARIANT compared with a number keeps its fraction.",
        _PAGE,
        f"(select v:a = n from {_T})",
        False,
    ),
    value(
        "coerce-variant-with-text",
        "A VARIANT's text is compared with a text.",
        _PAGE,
        f"(select v:b = s from {_T})",
        True,
    ),
    value(
        "coerce-variant-with-date",
        "A VARIANT's text is compared with a date as a date.",
        _PAGE,
        f"(select v:d = d from {_T})",
        True,
    ),
    rows(
        "coerce-variant-join",
        "A join compares a VARIANT's number with a number.",
        _PAGE,
        [
            "create table t (n number, v variant)",
            "insert into t select 1, parse_json('1.0') union all select 2, parse_json('2.5')",
            "select a.n from t as a inner join t as b on a.n = b.v",
        ],
        (1,),
    ),
    rows(
        "coerce-values",
        "What VALUES casts has its type.",
        "sql-reference/functions/datediff",
        [
            "select datediff(hour, column1, column2) from values "
            "('2016-01-01 01:59:59'::timestamp, '2016-01-01 02:00:00'::timestamp)"
        ],
        (1,),
    ),
    rows(
        "coerce-union-date",
        "UNION reads a text beside a date by the input format (from memory).",
        "sql-reference/operators-query",
        ["select '2016-03-05'::date as x union select '05-Mar-2016'"],
        (_DAY,),
    ),
    fails(
        "coerce-union-number",
        "UNION of a number and a text that is none is an error.",
        "sql-reference/operators-query",
        ["select 42 as x union select 'Smith, Jane'"],
        100038,
    ),
]
