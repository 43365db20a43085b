"""What the Python connector gives: descriptions, counts, binds, errors."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
from contract.stand_in import fetch
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import documented, same
from conformance.conftest import Connect

API = "developer-guide/python-connector/python-connector-api"
EXAMPLES = "developer-guide/python-connector/python-connector-example"
NOON = datetime(2015, 1, 1, 12)


@pytest.fixture
def cursor(schema: str, shared: SnowflakeCursor) -> SnowflakeCursor:
    shared.execute("create table t (n number(38, 0), s varchar)")
    shared.execute("insert into t values (1, 'a'), (2, 'b')")
    return shared


@documented("connector-names", "A column's name is the alias in upper case.", API)
def test_names(shared: SnowflakeCursor) -> None:
    shared.execute('select 1 as lower_name, 2 as "kept"')
    assert [column.name for column in shared.description] == ["LOWER_NAME", "kept"]


@documented(
    "connector-unaliased-names", "A column without an alias is named by the expression's text.", API
)
def test_unaliased_names(cursor: SnowflakeCursor) -> None:
    cursor.execute("select count(*), max(n) from t")
    assert [column.name for column in cursor.description] == ["COUNT(*)", "MAX(N)"]


@documented("connector-types", "Descriptions tell the types.", API)
def test_types(shared: SnowflakeCursor) -> None:
    shared.execute(
        "select 1 as a, 1.5::float as b, 'x' as c, true as d, '2015-01-01'::date as e,"
        " '2015-01-01'::timestamp_ntz as f, parse_json('1') as g"
    )
    assert [FIELD_ID_TO_NAME[column.type_code] for column in shared.description] == [
        "FIXED",
        "REAL",
        "TEXT",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP_NTZ",
        "VARIANT",
    ]


@documented("connector-widths", "Descriptions tell precision, scale and length.", API)
def test_widths(cursor: SnowflakeCursor) -> None:
    cursor.execute("select count(*) as c, 1.25 as d, 'ab' as t, max(s) as s from t")
    count, decimal, text, column = cursor.description
    assert (count.precision, count.scale) == (18, 0)
    assert (decimal.precision, decimal.scale) == (3, 2)
    assert (text.internal_size, column.internal_size) == (2, 16_777_216)


@documented("connector-number-scale", "A NUMBER's description has precision and scale.", API)
def test_number_scale(shared: SnowflakeCursor) -> None:
    shared.execute("select 1.25::number(10, 2) as n")
    assert (shared.description[0].precision, shared.description[0].scale) == (10, 2)


@documented(
    "connector-values", "Values arrive as int, Decimal, float, str, bool, date, datetime.", API
)
def test_values(shared: SnowflakeCursor) -> None:
    ((*row,),) = fetch(
        shared,
        "select 1 as a, 1.25::number(10, 2) as b, 0.5::float as c, 'x' as d, true as e,"
        " '2015-01-01'::date as f, '2015-01-01 12:00:00'::timestamp_ntz as g, null as h",
    )
    expected = [1, Decimal("1.25"), 0.5, "x", True, date(2015, 1, 1), NOON, None]
    assert row == expected
    assert [type(value) for value in row] == [type(value) for value in expected]


@documented("connector-large-number", "A NUMBER beyond 64 bits arrives as an int.", API)
def test_large_number(shared: SnowflakeCursor) -> None:
    ((found,),) = fetch(shared, "select 12345678901234567890123456789::number(38, 0) as n")
    assert found == 12345678901234567890123456789


@documented("connector-rowcount-of-dml", "rowcount is the number of rows that DML changed.", API)
def test_rowcount_of_dml(cursor: SnowflakeCursor) -> None:
    counts = []
    for statement in (
        "insert into t values (3, 'c'), (4, 'd')",
        "update t set s = 'x' where n > 2",
        "delete from t where n = 1",
        "merge into t using (select 2 as n union all select 9) as u on t.n = u.n when matched then"
        " update set s = 'm' when not matched then insert (n, s) values (u.n, 'i')",
    ):
        cursor.execute(statement)
        counts.append(cursor.rowcount)
    assert counts == [2, 2, 1, 2]


@documented("connector-rowcount-of-select", "rowcount of a query is the number of its rows.", API)
def test_rowcount_of_select(cursor: SnowflakeCursor) -> None:
    cursor.execute("select n from t")
    assert cursor.rowcount == 2


@documented("connector-sfqid", "Every statement has an id of its own.", API)
def test_query_ids(shared: SnowflakeCursor) -> None:
    ids = set()
    for _ in range(2):
        shared.execute("select 1")
        ids.add(shared.sfqid)
    assert len(ids) == 2


@documented("connector-pyformat", "%(name)s is replaced by the client, quoted.", EXAMPLES)
def test_pyformat(connect: Connect) -> None:
    cursor = connect().cursor()
    cursor.execute("select %(s)s as s, %(n)s as n", {"s": "it's 100%", "n": 7})
    assert cursor.fetchall() == [("it's 100%", 7)]


@documented("connector-pyformat-json", "JSON text survives as a client's bind.", EXAMPLES)
def test_pyformat_json(connect: Connect) -> None:
    cursor = connect().cursor()
    text = '[{"name": "a\\"b\\\\c\\n", "n": 1}]'
    cursor.execute("select parse_json(%(json)s)[0]:name::varchar as x", {"json": text})
    assert cursor.fetchall() == [('a"b\\c\n',)]


@documented("connector-qmark", "? is bound by the server, with types.", EXAMPLES)
def test_qmark(connect: Connect) -> None:
    cursor = connect(paramstyle="qmark").cursor()
    cursor.execute(
        "select cast(? as varchar), cast(? as number), cast(? as date),"
        " cast(? as timestamp_ntz), cast(? as boolean)",
        ("x", 7, date(2015, 1, 1), ("TIMESTAMP_NTZ", NOON), True),
    )
    assert cursor.fetchall() == [("x", 7, date(2015, 1, 1), NOON, True)]


@documented("connector-qmark-null", "A bound None is NULL.", EXAMPLES)
def test_qmark_null(connect: Connect) -> None:
    cursor = connect(paramstyle="qmark").cursor()
    cursor.execute("select ? is null", (None,))
    assert cursor.fetchall() == [(True,)]


@documented("connector-executemany", "executemany inserts all rows.", EXAMPLES)
def test_executemany(connect: Connect) -> None:
    cursor = connect(paramstyle="qmark").cursor()
    cursor.execute("create table many (n number, at timestamp_ntz, s varchar)")
    cursor.executemany(
        "insert into many values (?, ?, ?)",
        [(n, ("TIMESTAMP_NTZ", NOON), None if n % 2 else "x") for n in range(100)],
    )
    assert cursor.rowcount == 100
    summary = "select count(*), sum(n), count(s), min(at) from many"
    assert same(fetch(cursor, summary), [(100, 4950, 50, NOON)])


@documented(
    "connector-executemany-pyformat",
    "executemany with the client's binds inserts all rows.",
    EXAMPLES,
)
def test_executemany_pyformat(connect: Connect) -> None:
    cursor = connect().cursor()
    cursor.execute("create table many (n number, s varchar)")
    cursor.executemany("insert into many values (%s, %s)", [(n, f"r{n}") for n in range(10)])
    assert fetch(cursor, "select count(*), max(s) from many") == [(10, "r9")]


@documented("connector-error", "An error has a number, a SQL state and a query id.", API)
def test_error(shared: SnowflakeCursor) -> None:
    with pytest.raises(DatabaseError) as caught:
        shared.execute("select * from nope")
    assert (caught.value.errno, caught.value.sqlstate) == (2003, "42S02")
    assert caught.value.sfqid


@documented("connector-multi-statement", "num_statements runs several statements.", API)
def test_multi_statement(shared: SnowflakeCursor) -> None:
    shared.execute("select 1; select 2", num_statements=2)
    assert shared.fetchall() == [(1,)]
    assert shared.nextset()
    assert shared.fetchall() == [(2,)]


@documented(
    "connector-execute-string", "execute_string runs a script, statement by statement.", API
)
def test_execute_string(connect: Connect) -> None:
    cursors = list(connect().execute_string("select 1; -- a ; comment\nselect ';';"))
    assert [cursor.fetchall() for cursor in cursors] == [[(1,)], [(";",)]]


@documented("connector-fetch-in-parts", "fetchone and fetchmany go on where they stopped.", API)
def test_fetch_in_parts(cursor: SnowflakeCursor) -> None:
    cursor.execute("select n from t order by n")
    assert cursor.fetchone() == (1,)
    assert cursor.fetchmany(5) == [(2,)]
    assert cursor.fetchone() is None


@documented("connector-large-result", "A large result arrives whole and in order.", API)
def test_large_result(shared: SnowflakeCursor) -> None:
    found = fetch(
        shared,
        "select row_number() over (order by 1) as n from table(generator(rowcount => 50000))"
        " order by n",
    )
    assert [n for (n,) in found] == list(range(1, 50001))


@documented("connector-describe", "describe gives the columns without running.", API)
def test_describe(shared: SnowflakeCursor) -> None:
    columns = shared.describe("select 1 as n, 'x' as s")
    assert [column.name for column in columns] == ["N", "S"]


@documented("connector-arrow", "fetch_arrow_all gives an Arrow table.", API)
def test_arrow(cursor: SnowflakeCursor) -> None:
    cursor.execute("select n, s from t order by n")
    table = cursor.fetch_arrow_all()
    assert table is not None
    assert table.to_pydict() == {"N": [1, 2], "S": ["a", "b"]}


@documented(
    "connector-comments",
    "Comments may stand before, within and behind.",
    "sql-reference/sql/select",
)
def test_comments(shared: SnowflakeCursor) -> None:
    assert fetch(shared, "-- first\nselect /* one */ 1 -- last") == [(1,)]
    assert fetch(shared, "select 1\n// also a comment") == [(1,)]


@documented("connector-timeout", "A statement that takes too long is cancelled.", API)
def test_timeout(connect: Callable[..., SnowflakeConnection]) -> None:
    cursor = connect().cursor()
    slow = (
        "select count(*) from table(generator(rowcount => 10000000)) as a,"
        " table(generator(rowcount => 10000000)) as b"
    )
    with pytest.raises(DatabaseError):
        cursor.execute(slow, timeout=1)
    assert fetch(cursor, "select 1") == [(1,)]
