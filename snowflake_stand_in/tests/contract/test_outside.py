# ruff: noqa: E501 - a statement reads best on one line
"""Statements as analysts, BI tools, drivers and dbt packages send them, with Snowflake's answers.

Where the stand-in can't answer as Snowflake does, its refusal is what is written down.
"""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from contract.stand_in import StandIn, fetch

TABLES = [
    "create or replace schema outside",
    "create table t (k varchar, n number, d number(10, 2), f float, b boolean,"
    " at timestamp_ntz, dt date, v variant)",
    "insert into t select column1, column2, column3, column4, column5, column6, column7,"
    " parse_json(column8) from values"
    " ('a', 1, 1.10, 0.5, true, '2015-01-01 00:30:00'::timestamp_ntz, '2015-01-01'::date,"
    """ '{"x": 1, "l": [1, 2], "s": "text"}'),"""
    " ('a', 2, 2.25, 1.5, false, '2015-01-01 01:30:00'::timestamp_ntz, '2015-01-02'::date,"
    """ '{"x": null, "l": []}'),"""
    " ('b', 3, null, 2.5, null, '2015-01-02 00:00:00'::timestamp_ntz, '2015-02-01'::date,"
    """ '{"l": {"p": {"q": 5}}}'),"""
    " ('b', null, 4.40, null, true, null, null, null)",
    "create table e (id number, mgr number, name varchar(3))",
    "insert into e values (1, null, 'ceo'), (2, 1, 'cto'), (3, 2, 'dev')",
    "create table sales (empid number, amount number, quarter varchar)",
]
REFUSED = 2

STATEMENTS: list[tuple[str, Any]] = [
    # NUMBERs keep their scale
    (
        "select 5 / 2, 1 / 3, 2 / 3, 10 / 4.0",
        [(Decimal("2.500000"), Decimal("0.333333"), Decimal("0.666667"), Decimal("2.500000"))],
    ),
    (
        "select avg(n), avg(d), sum(d), round(avg(n), 1) from t",
        [(Decimal("2.000000"), Decimal("2.58333333"), Decimal("7.75"), Decimal("2.0"))],
    ),
    (
        "select k, sum(d) / sum(n) from t group by k order by k",
        [("a", Decimal("1.11666667")), ("b", Decimal("1.46666667"))],
    ),
    ("select 1 / 0", 100051),
    (
        "select median(n), percentile_cont(0.25) within group (order by n) from t",
        [(Decimal("2.000"), Decimal("1.500"))],
    ),
    (
        "select round(2.5), round(-2.5), round(1.235, 2), 2.5::int, '1.5'::int, trunc(1.99, 1)",
        [(3, -3, Decimal("1.24"), 3, 2, Decimal("1.9"))],
    ),
    (
        "select to_number('12.345', 10, 2), to_number('12.345'), try_cast('x' as int), '1' = 1",
        [(Decimal("12.35"), 12, None, True)],
    ),
    ("select to_number('1,234.5', '9,999.9')", REFUSED),
    # Windows
    (
        "select n, row_number() over (order by n desc) from t order by 2",
        [(None, 1), (3, 2), (2, 3), (1, 4)],
    ),
    ("select n from t order by n", [(1,), (2,), (3,), (None,)]),
    (
        "select n, sum(n) over (order by n rows between 1 preceding and current row) from t where n > 0 order by n",
        [(1, 1), (2, 3), (3, 5)],
    ),
    (
        "select n, lag(n, 1, 0) over (order by n), last_value(n) over (order by n) from t where n > 0 order by n",
        [(1, 0, 3), (2, 1, 3), (3, 2, 3)],
    ),
    (
        "select k, n from t qualify row_number() over (partition by k order by n desc nulls last) = 1 order by k",
        [("a", 2), ("b", 3)],
    ),
    (
        "select n, ratio_to_report(n) over (partition by k) from t where n > 0 order by n",
        [(1, Decimal("0.333333")), (2, Decimal("0.666667")), (3, Decimal("1.000000"))],
    ),
    # Groups
    (
        "select k, grouping(k), count(*) from t group by grouping sets ((k), ()) order by k",
        [("a", 0, 2), ("b", 0, 2), (None, 1, 4)],
    ),
    (
        "select k, b, count(*) from t where k = 'a' group by cube (k, b) order by 1, 2",
        [
            ("a", False, 1),
            ("a", True, 1),
            ("a", None, 2),
            (None, False, 1),
            (None, True, 1),
            (None, None, 2),
        ],
    ),
    ("select k, count(*) from t group by all having count(*) > 1 order by 1", [("a", 2), ("b", 2)]),
    (
        "select listagg(distinct k, '|') within group (order by k), listagg(iff(n > 9, k, null)) from t",
        [("a|b", "")],
    ),
    (
        "select array_agg(n) within group (order by n desc)::varchar, array_agg(iff(n > 9, n, null))::varchar from t",
        [("[3,2,1]", "[]")],
    ),
    ("select object_agg(k, n)::varchar from t where n in (2, 3)", [('{"a":2,"b":3}',)]),
    ("select sum(n) as total, total * 2 as twice from t", [(6, 12)]),
    ("select * from sales pivot (sum(amount) for quarter in (any order by quarter))", REFUSED),
    ("select approx_count_distinct(k) from t", REFUSED),
    # VARIANT
    (
        "select object_construct('a', 1, 'b', null, 'c', parse_json('null'))::varchar",
        [('{"a":1,"c":null}',)],
    ),
    (
        "select v:x is null, is_null_value(v:x), v:x::int, v:nope.deeper from t where n = 2",
        [(False, True, None, None)],
    ),
    ("select count(*) from t where v:s = 'text' and v:x = 1 and v:s in ('text', 'other')", [(1,)]),
    (
        "select typeof(v:x), typeof(v:l), v:l[1]::int, v['l'][0]::int from t where n = 1",
        [("INTEGER", "ARRAY", 2, 1)],
    ),
    (
        """select parse_json('"x"')::varchar, parse_json('[1, 2]')::varchar, to_json(parse_json('"x"'))""",
        [("x", "[1,2]", '"x"')],
    ),
    (
        "select t.n, f.value::varchar from t, lateral flatten(input => v:l, outer => true) f order by n, 2",
        [(1, "1"), (1, "2"), (2, None), (3, '{"q":5}'), (None, None)],
    ),
    (
        "select f.key, f.path, f.index from t, lateral flatten(input => v, recursive => true) f where n = 3 order by 2",
        [("l", "l", None), ("p", "l.p", None), ("q", "l.p.q", None)],
    ),
    (
        "select t.n, f.value from t left join lateral flatten(input => t.v:l) f where n = 2",
        [(2, None)],
    ),
    (
        "select f.this::varchar, f.path from t, lateral flatten(input => v, path => 'l', mode => 'array') f where n = 1 order by 2",
        [("[1,2]", "l[0]"), ("[1,2]", "l[1]")],
    ),
    (
        "select t.n, x.c from t, lateral (select count(*) as c from e where e.id <= t.n) x where n > 1 order by 1",
        [(2, 2), (3, 3)],
    ),
    (
        "select array_slice([1, 2, 3], 0, 2)::varchar, array_to_string([1, 'a', null], '-'), array_position(2, [1, 2])",
        [("[1,2]", "1-a-", 1)],
    ),
    (
        "select array_except([1, 1, 2], [1])::varchar, array_sort([10, 9])::varchar, array_distinct([1, 1])::varchar",
        [("[1,2]", "[9,10]", "[1]")],
    ),
    (
        """select object_keys(parse_json('{"b": 1, "a": 2}'))::varchar, object_delete(parse_json('{"b": 1, "a": 2}'), 'b')::varchar""",
        [('["a","b"]', '{"a":2}')],
    ),
    (
        "select parse_url('https://a.b:80/c?x=1#f'):parameters:x::varchar, parse_url('https://a.b/c'):path::varchar",
        [("1", "c")],
    ),
    ("select max(v:x) from t", REFUSED),
    ("select transform([1], x int -> x + 1)", REFUSED),
    # NULLs and conditions
    (
        "select greatest(1, null), nvl2(null, 1, 2), zeroifnull(null), div0(1, 0), decode(null, null, 'n')",
        [(None, 2, 0, Decimal("0.000000"), "n")],
    ),
    (
        "select 'a' || null, concat_ws('-', 'a', null), null = null, equal_null(null, null), 'a ' = 'a'",
        [(None, None, None, True, False)],
    ),
    (
        "select 'abc' ilike any ('x%', 'A%'), 'abc' like all ('a%', '%c'), 'a%c' like 'a^%c' escape '^'",
        [(True, True, True)],
    ),
    ("select 'a' collate 'en-ci' = 'A'", REFUSED),
    # Texts
    (
        "select regexp_substr('a1b22', '[0-9]+', 1, 2), regexp_like('abc', 'b'), regexp_replace('abc', '(a)(b)', '\\\\2\\\\1')",
        [("22", False, "bac")],
    ),
    (
        "select split_part('a.b.c', '.', -1), split_part('a.b', '.', 9), strtok('a.b', '.', 9), substr('hello', -3, 2)",
        [("c", "", None, "ll")],
    ),
    (
        "select index, value from table(split_to_table('a.b', '.')) order by index",
        [(1, "a"), (2, "b")],
    ),
    ("select 'abcd'::varchar(3)", 100078),
    (
        "select try_cast('abcd' as varchar(3)), 1.0::float::varchar, true::varchar, 1.50::varchar",
        [(None, "1", "true", "1.50")],
    ),
    ("insert into e values (4, 1, 'long')", 100078),
    ("update e set name = 'long' where id = 1", 100078),
    (
        "merge into e using (select 1 as id union all select 1) s on e.id = s.id when matched then update set name = 'x'",
        100090,
    ),
    # Dates
    (
        "select dateadd(month, 1, dt), date_trunc('month', dt), dt + interval '1 day', dateadd(hour, 1, dt) from t where n = 1",
        [
            (
                dt.date(2015, 2, 1),
                dt.date(2015, 1, 1),
                dt.date(2015, 1, 2),
                dt.datetime(2015, 1, 1, 1),
            )
        ],
    ),
    (
        "select datediff(year, '2014-12-31'::date, '2015-01-01'::date), datediff(week, '2015-01-04'::date, '2015-01-05'::date)",
        [(1, 1)],
    ),
    (
        "select last_day('2015-02-10'::date), dayofweek('2015-01-04'::date), to_date('02-JAN-2015', 'DD-MON-YYYY')",
        [(dt.date(2015, 2, 28), 0, dt.date(2015, 1, 2))],
    ),
    (
        "select at::varchar, to_char(dt, 'DY, DD MON YYYY') from t where n = 1",
        [("2015-01-01 00:30:00.000", "Thu, 01 Jan 2015")],
    ),
    (
        "select '2015-01-01 12:00:00 +0200'::timestamp_tz::varchar",
        [("2015-01-01 12:00:00.000 +0200",)],
    ),
    (
        "select convert_timezone('UTC', 'America/New_York', '2015-01-01 12:00:00'::timestamp_ntz)",
        [(dt.datetime(2015, 1, 1, 7),)],
    ),
    # Forms of queries
    ("select * exclude (v, at, dt, f, b) from t where n = 1", [("a", 1, Decimal("1.10"))]),
    ("select * rename (n as m) from (select 1 as n)", [(1,)]),
    ("select $1, $2, from values (1, 'a'), (2, 'b') order by 1", [(1, "a"), (2, "b")]),
    (
        "with recursive r as (select id, 0 as lvl from e where mgr is null union all select e.id, lvl + 1 from e join r on e.mgr = r.id) select * from r order by 1",
        [(1, 0), (2, 1), (3, 2)],
    ),
    ("select k from t minus select 'a' order by 1", [("b",)]),
    ("select count(*), max(seq4()) from table(generator(rowcount => 3))", [(3, 2)]),
    ("select count(*) from t sample (100)", [(4,)]),
    ("select * from t asof join e match_condition (t.n >= e.id)", REFUSED),
    (
        "select * from sales match_recognize (order by amount measures 1 as m pattern (x+) define x as true)",
        REFUSED,
    ),
    ("select * from t at (offset => -60)", REFUSED),
    ("create table copied clone t", REFUSED),
    ("create dynamic table d target_lag = '1 minute' warehouse = w as select 1 as x", REFUSED),
    ("select hash(n) from t", REFUSED),
    ("select random(42)", REFUSED),
    # dbt packages
    (
        "select md5(cast(coalesce(cast(n as text), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(k as text), '') as text)) from t where n = 1",
        [("fd863b01647cb662580dd67b9839d8de",)],
    ),
    (
        "with p as (select 0 as n union all select 1) select dateadd(day, row_number() over (order by a.n, b.n) - 1, cast('2015-01-01' as date)) from p a cross join p b order by 1 limit 2",
        [(dt.date(2015, 1, 1),), (dt.date(2015, 1, 2),)],
    ),
    (
        "select distinct table_schema, table_name, case table_type when 'BASE TABLE' then 'table' else lower(table_type) end from gharchive.information_schema.tables where table_schema ilike 'outside' and table_name ilike 'e' and table_name not ilike ''",
        [("OUTSIDE", "E", "table")],
    ),
    # Drivers, BI tools, schemachange
    (
        "select column_name, data_type, numeric_precision, numeric_scale, character_maximum_length from information_schema.columns where table_schema = 'OUTSIDE' and table_name = 'E' order by ordinal_position",
        [
            ("ID", "NUMBER", 38, 0, None),
            ("MGR", "NUMBER", 38, 0, None),
            ("NAME", "TEXT", None, None, 3),
        ],
    ),
    (
        'select "_"."k" as "k", count(*) as "a0" from (select "K" as "k" from "GHARCHIVE"."OUTSIDE"."T") "_" group by "_"."k" order by "_"."k" limit 1000',
        [("a", 2), ("b", 2)],
    ),
    (
        "select count(1) from gharchive.information_schema.schemata where schema_name = 'OUTSIDE'",
        [(1,)],
    ),
    ("alter session set rows_per_resultset = 7", REFUSED),
    ("alter session set binary_input_format = 'BASE64'", REFUSED),
    ('create table "lower" ("a" number)', REFUSED),
    ('select "k" from t', 904),
    ("begin transaction; select 1; commit", 8),
]


@pytest.fixture(scope="module")
def cursor(server: StandIn) -> Iterator[SnowflakeCursor]:
    with server.connect() as connection:
        cursor = connection.cursor()
        for sql in TABLES:
            cursor.execute(sql)
        yield cursor
        cursor.execute("drop schema outside")


@pytest.mark.parametrize(("sql", "answer"), STATEMENTS)
def test_statement_is_answered_as_by_snowflake_or_refused(
    cursor: SnowflakeCursor, sql: str, answer: Any
) -> None:
    if isinstance(answer, int):
        with pytest.raises(DatabaseError) as caught:
            cursor.execute(sql)
        assert caught.value.errno == answer
    else:
        # repr tells a NUMBER from a FLOAT, and 2.500000 from 2.5
        assert repr(fetch(cursor, sql)) == repr(answer)


def test_drivers_find_columns_by_show(cursor: SnowflakeCursor) -> None:
    """JDBC's getColumns and getTables."""
    cursor.execute(
        "show /* JDBC:DatabaseMetaData.getColumns() */ columns like '%'"
        ' in table "GHARCHIVE"."OUTSIDE"."E"'
    )
    rows = [dict(zip([c.name for c in cursor.description], r, strict=True)) for r in cursor]
    assert [r["column_name"] for r in rows] == ["ID", "MGR", "NAME"]
    assert json.loads(rows[2]["data_type"])["length"] == 3
    cursor.execute(
        "show /* JDBC:DatabaseMetaData.getTables() */ objects like 'E'"
        ' in schema "GHARCHIVE"."OUTSIDE"'
    )
    rows = [dict(zip([c.name for c in cursor.description], r, strict=True)) for r in cursor]
    assert [(r["name"], r["kind"], r["rows"]) for r in rows] == [("E", "TABLE", 3)]
