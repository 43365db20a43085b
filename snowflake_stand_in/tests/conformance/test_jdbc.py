"""What Snowflake's JDBC driver gives, which Spark reads through."""

from collections.abc import Iterator
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]

from conformance import jdbc
from conformance.behaviour import documented
from conformance.target import Target

PAGE = "developer-guide/jdbc/jdbc-api"
USING = "developer-guide/jdbc/jdbc-using"


@pytest.fixture(scope="module")
def connection(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with jdbc.driver(target, tmp_path_factory.mktemp("jdbc")) as connection:
        statement = connection.createStatement()
        statement.execute("create or replace schema jdbc")
        statement.execute("create table t (n number(38, 0), s varchar, at timestamp_ntz)")
        statement.execute("insert into t values (1, 'a', '2015-01-01 12:00:00'), (2, null, null)")
        yield connection
        statement.execute("drop schema jdbc")


def types(connection: Any, expression: str) -> tuple[str, int, int]:
    (column,), _ = jdbc.query(connection, f"select {expression} as x")
    return column


@documented("jdbc-number", "NUMBER(38, 0) has precision 38 and scale 0.", PAGE)
def test_number(connection: Any) -> None:
    assert types(connection, "1::number(38, 0)") == ("NUMBER", 38, 0)


@documented("jdbc-number-scale", "NUMBER(10, 2) has scale 2.", PAGE)
def test_number_with_scale(connection: Any) -> None:
    assert types(connection, "1.25::number(10, 2)") == ("NUMBER", 10, 2)


@documented("jdbc-sum", "A sum cast to NUMBER(38, 0) is read as such.", PAGE)
def test_sum(connection: Any) -> None:
    columns, rows = jdbc.query(connection, "select cast(sum(n) as number(38, 0)) as n from t")
    assert (columns, rows) == ([("NUMBER", 38, 0)], [["3"]])


@documented("jdbc-count", "COUNT is a NUMBER of scale 0.", PAGE)
def test_count(connection: Any) -> None:
    ((name, _, scale),), rows = jdbc.query(connection, "select count(*) as n from t")
    assert (name, scale, rows) == ("NUMBER", 0, [["2"]])


@documented("jdbc-float", "FLOAT is a DOUBLE.", PAGE)
def test_float(connection: Any) -> None:
    assert types(connection, "0.5::float")[0] == "DOUBLE"


@documented("jdbc-varchar", "VARCHAR is VARCHAR.", PAGE)
def test_varchar(connection: Any) -> None:
    assert types(connection, "'x'::varchar")[0] == "VARCHAR"


@documented("jdbc-boolean", "BOOLEAN is BOOLEAN.", PAGE)
def test_boolean(connection: Any) -> None:
    assert types(connection, "true")[0] == "BOOLEAN"


@documented("jdbc-date", "DATE is DATE.", PAGE)
def test_date(connection: Any) -> None:
    columns, rows = jdbc.query(connection, "select '2015-01-01'::date as d")
    assert (columns[0][0], rows) == ("DATE", [["2015-01-01"]])


@documented("jdbc-timestamp", "TIMESTAMP_NTZ has no zone.", PAGE)
def test_timestamp(connection: Any) -> None:
    assert types(connection, "'2015-01-01'::timestamp_ntz")[0] == "TIMESTAMPNTZ"


@documented("jdbc-timestamp-value", "In a JVM on UTC a TIMESTAMP_NTZ is read as it is.", USING)
def test_timestamp_value(connection: Any) -> None:
    results = connection.createStatement().executeQuery("select at from t where n = 1")
    assert results.next()
    assert results.getTimestamp(1).toString() == "2015-01-01 12:00:00.0"


@documented("jdbc-null", "NULL is null, whatever the type.", PAGE)
def test_null(connection: Any) -> None:
    _, rows = jdbc.query(connection, "select s, at, null as x from t where n = 2")
    assert rows == [[None, None, None]]


@documented("jdbc-long", "getLong is exact beyond 2^53.", PAGE)
def test_long(connection: Any) -> None:
    results = connection.createStatement().executeQuery("select 9007199254740993 as n")
    assert results.next()
    assert results.getLong(1) == 9007199254740993


@documented("jdbc-variant", "A VARIANT is read as JSON text.", PAGE)
def test_variant(connection: Any) -> None:
    _, rows = jdbc.query(connection, "select parse_json('{\"a\": 1}'):a as x")
    assert rows == [["1"]]


@documented("jdbc-labels", "A column's label is the alias in upper case.", PAGE)
def test_labels(connection: Any) -> None:
    results = connection.createStatement().executeQuery("select n as user_id from t")
    assert results.getMetaData().getColumnLabel(1) == "USER_ID"


@documented("jdbc-subquery", "Spark's probe of a query, WHERE 1=0, gives columns and no row.", PAGE)
def test_probe(connection: Any) -> None:
    columns, rows = jdbc.query(
        connection, "select * from (SELECT n, s FROM T) SPARK_GEN_SUBQ_0 WHERE 1=0"
    )
    assert ([name for name, *_ in columns], rows) == (["NUMBER", "VARCHAR"], [])


@documented("jdbc-update-count", "executeUpdate gives the number of rows.", PAGE)
def test_update_count(connection: Any) -> None:
    statement = connection.createStatement()
    assert statement.executeUpdate("insert into t (n) values (7), (8)") == 2
    assert statement.executeUpdate("delete from t where n > 6") == 2


@documented("jdbc-prepared", "A prepared statement binds by type.", USING)
def test_prepared(connection: Any) -> None:
    statement = connection.prepareStatement("select s from t where n = ?")
    statement.setLong(1, 1)
    results = statement.executeQuery()
    assert results.next()
    assert results.getString(1) == "a"


@documented("jdbc-batch", "A batch inserts all its rows.", USING)
def test_batch(connection: Any) -> None:
    connection.createStatement().execute("create or replace table b (n number, s varchar)")
    statement = connection.prepareStatement("insert into b values (?, ?)")
    for n in range(10):
        statement.setInt(1, n)
        statement.setString(2, f"r{n}")
        statement.addBatch()
    statement.executeBatch()
    _, rows = jdbc.query(connection, "select count(*), sum(n), max(s) from b")
    assert rows == [["10", "45", "r9"]]


@documented("jdbc-autocommit", "Without autocommit a rollback undoes.", PAGE)
def test_autocommit(connection: Any) -> None:
    connection.setAutoCommit(False)
    connection.createStatement().execute("insert into t (n) values (9)")
    connection.rollback()
    connection.setAutoCommit(True)
    _, rows = jdbc.query(connection, "select count(*) from t where n = 9")
    assert rows == [["0"]]


@documented("jdbc-error", "An error has Snowflake's number and SQL state.", PAGE)
def test_error(connection: Any) -> None:
    with pytest.raises(Py4JJavaError) as caught:
        jdbc.query(connection, "select * from nope")
    fault = caught.value.java_exception
    assert (fault.getErrorCode(), fault.getSQLState()) == (2003, "42S02")


@documented("jdbc-metadata", "DatabaseMetaData lists the columns of a table.", PAGE)
def test_metadata(connection: Any) -> None:
    meta = connection.getMetaData()
    results = meta.getColumns(connection.getCatalog(), "JDBC", "T", None)
    found = []
    while results.next():
        found.append((results.getString("COLUMN_NAME"), results.getString("TYPE_NAME")))
    assert found == [("N", "NUMBER"), ("S", "VARCHAR"), ("AT", "TIMESTAMPNTZ")]
