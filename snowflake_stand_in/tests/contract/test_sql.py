import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError, ProgrammingError

from contract.conftest import Run
from contract.stand_in import fetch

NOON = datetime.datetime(2015, 1, 1, 12)
DAY = datetime.date(2015, 1, 1)

EXPRESSIONS = [
    ("div0(1, 0)", 0),
    ("div0null(1, null)", 0),
    ("1 / nullif(0, 0)", None),
    ("iff(1 > 2, 'a', 'b')", "b"),
    ("nvl2(null, 1, 2)", 2),
    ("try_cast('x' as number)", None),
    ("try_cast('x' as timestamp_ntz)", None),
    ("try_to_timestamp('bad')", None),
    ("try_to_timestamp_ntz('2015-01-01 12:00:00')", NOON),
    ("try_to_number('12')", 12),
    ("try_to_number('x')", None),
    ("try_to_decimal('1.235', 10, 2)", Decimal("1.24")),
    ("try_to_date('2015-13-01')", None),
    ("to_date('2015-01-01')", DAY),
    ("to_timestamp_ntz('2015-01-01T12:00:00Z')", NOON),
    ("to_timestamp_ntz('1420113600')", NOON),
    ("'1420113600000'::timestamp_ntz", NOON),
    ("to_timestamp_ntz(1420113600)", NOON),
    ("to_timestamp_ntz(1420113600000, 3)", NOON),
    ("try_to_timestamp_ntz('2015/01/01 12:00:00')", None),
    ("'2015-01-01 12:00:00'::timestamp_ntz::timestamp_ntz", NOON),
    ("'2015-01-01'::date::timestamp_ntz", datetime.datetime(2015, 1, 1)),
    ("current_timestamp()::timestamp_ntz > '2015-01-01'::timestamp_ntz", True),
    ("'2015-01-01T12:00:00-07:00'::timestamp_ntz", NOON),
    ("convert_timezone('UTC', '2015-01-01T05:00:00-07:00'::timestamp_tz)::timestamp_ntz", NOON),
    ("date_trunc('hour', '2015-01-01 12:34:56'::timestamp_ntz)", NOON),
    ("date_trunc('month', '2015-01-31'::date)", DAY),
    ("dateadd('day', 1, '2014-12-31'::date)", DAY),
    ("dateadd(hour, -3, '2015-01-01 15:00:00'::timestamp_ntz)", NOON),
    ("datediff('day', '2014-12-31'::date, '2015-01-02'::date)", 2),
    ("to_varchar('2015-01-01 12:00:00'::timestamp_ntz, 'YYYY/MM/DD HH24:MI')", "2015/01/01 12:00"),
    ("split_part('a/b/c', '/', -1)", "c"),
    ("trim('xxaxx', 'x')", "a"),
    ("ltrim('xa', 'x')", "a"),
    ("regexp_substr('push-12', '[0-9]+')", "12"),
    ("regexp_replace('a1b2', '[0-9]')", "ab"),
    ("regexp_like('abc', 'a.*')", True),
    ("sha2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ('parse_json(\'{"a": {"b": [1, 2]}}\'):a.b[1]::number', 2),
    ("parse_json('{\"a\": null}'):a is null", False),
    ("parse_json('{\"a\": null}'):a::varchar", None),
    ("typeof(parse_json('{\"a\": 1.5}'):a)", "DECIMAL"),
    ("is_object(parse_json('{}'))", True),
    ("array_size(parse_json('[1, 2]'))", 2),
    ("array_contains('a'::variant, array_construct('a', 'b'))", True),
    ("try_parse_json('{bad')", None),
    ("booland_agg(true)", True),
    ("greatest(1, 2)", 2),
]


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_expression(shared: SnowflakeCursor, expression: str, value: object) -> None:
    assert fetch(shared, f"select {expression} as x") == [(value,)]


def variant(run: Run, expression: str) -> Any:
    ((text,),) = run(f"select {expression} as x")
    return json.loads(text)


def test_variants_are_built(run: Run) -> None:
    assert variant(run, "object_construct('a', 1, 'b', null)") == {"a": 1}
    assert variant(run, "array_construct(1, 'x')") == [1, "x"]
    built = "(select array_agg(n) within group (order by n desc) from (values (1), (2)) as t (n))"
    assert variant(run, built) == [2, 1]


def test_flatten(run: Run) -> None:
    run('create table t as select 1 as id, parse_json(\'{"xs": ["a", "b"], "o": {"k": 7}}\') as v')
    assert run(
        "select t.id, f.index, f.value::varchar from t, lateral flatten(input => t.v:xs) as f"
        " order by 2"
    ) == [(1, 0, "a"), (1, 1, "b")]
    assert run("select f.key, f.value::number from t, lateral flatten(t.v:o) as f") == [("k", 7)]
    assert run("select value::varchar from table(flatten(parse_json('[1, 2]'))) order by 1") == [
        ("1",),
        ("2",),
    ]


def test_windows_aggregates_and_generators(run: Run) -> None:
    run("create table t (k varchar, n number)")
    run("insert into t values ('a', 1), ('a', 3), ('b', 4)")
    assert run(
        "select k, n from t qualify row_number() over (partition by k order by n desc) = 1"
        " order by 1"
    ) == [("a", 3), ("b", 4)]
    assert run("select ratio_to_report(n) over () from t order by 1") == [
        (0.125,),
        (0.375,),
        (0.5,),
    ]
    assert run(
        "select sum(n), count(distinct k), max_by(k, n), listagg(k, ',') within group"
        " (order by n) from t"
    ) == [(8, 2, "b", "a,a,b")]
    assert run(
        "select dateadd('hour', seq4(), '2015-01-01'::timestamp_ntz) from"
        " table(generator(rowcount => 13)) order by 1 desc limit 1"
    ) == [(NOON,)]


def test_sum_of_whole_numbers_is_a_whole_number(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "create table s as select sum(n) as n, count(*) as c from (values (1), (2)) t (n)"
    )
    kinds = {row[0]: row[1] for row in fetch(cursor, "describe table s")}
    assert kinds == {"N": "NUMBER(13,0)", "C": "NUMBER(18,0)"}
    ((value,),) = fetch(cursor, "select n from s")
    assert type(value) is int


ERRORS = [
    ("selec 1", 1003),
    ("select * from nope", 2003),
    ("select * from nodb.nope.nope", 2003),
    ("select nope_function(1)", 2140),
    ("select nope from t", 904),
    ("insert into t (nope) values (1)", 904),
    ("insert into t values (1, 2, 3)", 2020),
    ("insert into t (b) values ('x')", 100072),
    ("select 'x'::number", 100038),
    ("select 'x'::timestamp_ntz", 100035),
    ("select '2015/01/01 00:00:00'::timestamp_ntz", 100035),
    ("select parse_json('{bad')", 100069),
    ("select 1 / 0", 100051),
    ("select a, count(*) from t", 979),
    ("create table t (a number)", 2002),
    ("drop table nope", 2003),
    ("select $nope", 1008),
    ("select 1; select 2", 8),
    ("", 900),
]


def test_columns_of_a_table_in_an_order(run: Run) -> None:
    """As dbt makes a table that has a contract and is clustered."""
    run("create table t as select '2024-03-05 12:34:56'::timestamp_ntz as at, 'a' as name")
    query = (
        "with u as (select date_trunc('hour', at) as hour, name from t) select hour, name from u"
    )
    run(
        "create table s (hour timestamp_ntz, name varchar) as"
        f" (select * from (select hour, name from ({query}) as model_subq) order by (hour))"
    )
    assert run("select hour::varchar, name from s") == [("2024-03-05 12:00:00.000", "a")]


@pytest.mark.parametrize(
    "query",
    [
        "select * exclude (a) from (select 1 as a, 2 as b)",
        "select * from (select 2 as b)",
        "select * from ((select 2 as b))",
        "select * from (select 2 as a) as v (b)",
        "select * from (values (2)) as v (b)",
        "select * from (select 2 as b union all select 2 as b) limit 1",
        "select u.b from (select 1 as a) t join (select 2 as b) u on true",
        "select * exclude (a) from (select 1 as a) t join (select 2 as b) u on true",
    ],
)
def test_a_star_is_what_it_says_where_columns_are_declared(run: Run, query: str) -> None:
    run(f"create table s (b number) as {query}")
    assert run("select b from s") == [(2,)]


def test_a_star_of_nothing(cursor: SnowflakeCursor) -> None:
    with pytest.raises(ProgrammingError, match="SQL compilation error"):
        cursor.execute("create table s (b number) as select *")


@pytest.mark.parametrize(("sql", "code"), ERRORS)
def test_error_has_snowflakes_code(shared: SnowflakeCursor, sql: str, code: int) -> None:
    shared.execute("use schema public")
    shared.execute("create table if not exists t (a number not null, b varchar)")
    with pytest.raises(DatabaseError) as caught:
        # the connector itself ignores an empty statement
        shared.execute(sql or "-- nothing")
    assert caught.value.errno == code


REFUSED = [
    "select regexp_substr('<a><b>', '<.+?>')",
    "select * from r left join lateral flatten(input => r.v) f on f.index > 0",
    "select * from r asof join r as s match_condition (r.a >= s.a)",
    "select transform([1, 2], x -> x + 1)",
    "select object_construct_keep_null(* exclude a) from r",
    "select random(42)",
    'create table "quoted" (a number)',
    'create table q ("quoted" number)',
    'create view q as select 1 as "quoted"',
    "select to_timestamp('2015', column1) from values ('YYYY')",
    "select '2015-01-01 00:00:00.123456789'::timestamp_ntz",
    "select * from r at (offset => -60)",
    "select hash(1)",
    "select approx_count_distinct(a) from r",
    "select * from r pivot (sum(a) for b in ('x'))",
    "select to_varchar(1.5, '999')",
    "create dynamic table d target_lag = '1 minute' warehouse = w as select 1 as x",
    "create table u like r",
    "undrop table r",
    "call something()",
    "put file:///tmp/x @~",
    "create function f() returns number as '1'",
    "alter session set binary_output_format = 'BASE64'",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_what_would_differ_is_refused(shared: SnowflakeCursor, sql: str) -> None:
    shared.execute("use schema public")
    shared.execute("create table if not exists r (a number, b varchar, v variant)")
    with pytest.raises(ProgrammingError, match="Unsupported feature") as caught:
        shared.execute(sql)
    assert caught.value.errno == 2


def test_null_timestamps_arrive_as_none(run: Run) -> None:
    run("create table t (at timestamp_ntz)")
    run("insert into t values ('2015-01-01 12:00:00'), (null)")
    assert run("select at from t order by at nulls last") == [(NOON,), (None,)]


def test_keys_are_recorded_nowhere_and_enforced_nowhere(run: Run) -> None:
    run("create table t (a number primary key, b varchar unique, foreign key (b) references x (y))")
    run("insert into t values (1, 'a'), (1, 'a')")
    assert run("select count(*) from t") == [(2,)]


def test_array_binding_is_one_fast_statement(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "create table t (n number, d number(10, 2), f float, b boolean, dt date,"
        " at timestamp_ntz, s varchar(4), v variant)"
    )
    rows = [
        (i, Decimal("1.25"), i / 2, i % 2 == 0, DAY, NOON, "x", '{"a": 1}') for i in range(20000)
    ]
    rows.append((None,) * 8)  # type: ignore[arg-type]
    cursor.executemany("insert into t select ?, ?, ?, ?, ?, ?, ?, parse_json(?)", rows)
    assert cursor.rowcount == 20001
    cursor.executemany("insert into t (s, at) values (?, ?)", [("y", NOON), ("z", None)])
    summary = "select count(*), sum(d), max(at), count(at), max(v:a::number) from t"
    assert fetch(cursor, summary) == [(20003, Decimal("25000.00"), NOON, 20001, 1)]
    summary = "select sum(f), count_if(b), min(dt), max(dt), count(f), count(v) from t"
    assert fetch(cursor, summary) == [(99995000.0, 10000, DAY, DAY, 20000, 20000)]
    with pytest.raises(ProgrammingError, match="String 'too long' is too long"):
        cursor.executemany("insert into t (s) values (?)", [("y",), ("too long",)])


def test_session_variables(connect: Callable[..., SnowflakeConnection]) -> None:
    connection = connect()
    cursor = connection.cursor()
    for sql in (
        "create table t as select 5 as n",
        "set low = (select max(n) from t)",
        "set lower_bound = 'text'",
        "set at = (select '2015-01-01 12:00:00'::timestamp_ntz)",
        "create table u as select $low as a, $lower_bound as b, '$low' as c, $at as d",
    ):
        cursor.execute(sql)
    assert fetch(cursor, "select * from u") == [(5, "text", "$low", NOON)]
    with pytest.raises(ProgrammingError):
        connect().cursor().execute("select $low")


def test_temporary_relations_belong_to_their_session(
    connect: Callable[..., SnowflakeConnection], schema: str
) -> None:
    first, second = connect().cursor(), connect().cursor()
    first.execute("create table t as select 1 as a")
    first.execute(f"create or replace temporary table gharchive.{schema}.t as (select 2 as a)")
    first.execute(
        f"create or replace temporary view gharchive.{schema}.v as select t.a + 1 as b from t"
    )
    assert fetch(first, "select t.a, v.b from t, v") == [(2, 3)]
    assert fetch(second, "select a from t") == [(1,)]
    assert fetch(first, f"describe table gharchive.{schema}.v")[0][0] == "B"
    first.execute("drop table t")
    assert fetch(first, "select a from t") == [(1,)]


def test_view_resolves_names_in_its_own_schema(run: Run, schema: str) -> None:
    run("create table t as select 1 as a")
    run("create view v as with c as (select a from t) select a from c")
    run("use schema public")
    assert run(f"select a from {schema}.v") == [(1,)]


def test_unaliased_columns_have_snowflakes_names(cursor: SnowflakeCursor) -> None:
    cursor.execute("select count(*), max(n), n + 1 from (select 1 as n) group by n")
    assert [c.name for c in cursor.description] == ["COUNT(*)", "MAX(N)", "N + 1"]


def test_words_that_only_duckdb_reserves_are_names(run: Run) -> None:
    run("create table t (at number, lambda number)")
    assert run("select at, lambda from t") == []


def test_result_scan_reads_the_last_result(cursor: SnowflakeCursor) -> None:
    cursor.execute("select 7 as n")
    assert fetch(cursor, "select n from table(result_scan(last_query_id()))") == [(7,)]
    fetch(cursor, "select 7 as n, 'a' as s union all select 8, 'b'")
    query = "select s, n + 1 as more from table(result_scan(last_query_id())) as r where r.n > 7"
    assert fetch(cursor, query) == [("b", 9)]
    cursor.execute("show schemas")
    named = 'select "name" from table(result_scan(last_query_id())) where "name" = \'PUBLIC\''
    assert fetch(cursor, named) == [("PUBLIC",)]
