"""The private parts of fakesnow, DuckDB and sqlglot that the stand-in stands on."""

import importlib.metadata
import inspect
from pathlib import Path

import duckdb
import fakesnow.cursor
import fakesnow.macros
import fakesnow.server
import pytest
import sqlglot
from fakesnow import info_schema
from fakesnow.arrow import to_ipc, to_sf
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.converter import from_binding
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.expr import normalise_ident
from fakesnow.instance import GLOBAL_DATABASE_NAME, FakeSnow
from fakesnow.rowtype import describe_as_rowtype
from fakesnow.statement_type import DML_TYPE_IDS, INSERT, statement_type_id
from fakesnow.transforms import SERVER_VERSION, show
from fakesnow.transforms.file_format import lookup_file_format
from fakesnow.transforms.merge import operations
from fakesnow.transforms.stage import parts_from_var
from snowflake_stand_in.engine.session import Session
from snowflake_stand_in.statement import StatementCursor
from sqlglot import exp


@pytest.mark.parametrize(
    ("package", "version"), [("fakesnow", "0.12.1"), ("duckdb", "2.0.0"), ("sqlglot", "30.22.0")]
)
def test_versions_are_the_ones_tried(package: str, version: str) -> None:
    assert importlib.metadata.version(package) == version


@pytest.mark.parametrize(
    ("owner", "method", "parameters"),
    [
        (FakeSnowflakeCursor, "_execute", ["self", "transformed", "params"]),
        (FakeSnowflakeCursor, "_transform", ["self", "expression", "params"]),
        (FakeSnowflakeCursor, "_transform_explode", ["self", "expression"]),
        (FakeSnowflakeCursor, "_describe_only", ["self", "command"]),
        (FakeSnowflakeCursor, "_describe_last_sql", ["self"]),
        (FakeSnowflakeCursor, "check_db_and_schema", ["self", "expression"]),
        (FakeSnowflakeConnection, "cursor", ["self", "cursor_class"]),
        (
            fakesnow.server,
            "describe_only_response",
            ["conn", "cur", "rowtype", "expr", "type_id"],
        ),
    ],
)
def test_seam_has_the_shape_we_override(owner: object, method: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, method)).parameters) == parameters


def test_cursor_reads_and_writes_the_attributes_we_use() -> None:
    source = inspect.getsource(fakesnow.cursor)
    for name in ("_arrow_table", "results_cache", "database_set"):
        assert name in source


def test_our_classes_are_subclasses() -> None:
    assert issubclass(Session, FakeSnowflakeConnection)
    assert issubclass(StatementCursor, FakeSnowflakeCursor)


def test_metadata_lives_where_we_look() -> None:
    assert GLOBAL_DATABASE_NAME == "_fs_global"
    tables = info_schema.fs_global_creation_sql()
    for name in ("_fs_stages", "_fs_file_formats", "_fs_tables_ext", "_fs_columns"):
        assert f"_fs_global._fs_information_schema.{name} " in tables
    assert "_fs_load_history" in info_schema.per_db_creation_sql("X")


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (fakesnow.macros.creation_sql, ["catalog"]),
        (info_schema.per_db_creation_sql, ["catalog"]),
        (show.fs_global_creation_sql, []),
        (operations, ["merge_expr"]),
        (lookup_file_format, ["duck_conn", "name", "current_database", "current_schema"]),
        (parts_from_var, ["var", "current_database", "current_schema"]),
        (normalise_ident, ["name"]),
        (statement_type_id, ["expression"]),
        (to_ipc, ["table"]),
        (to_sf, ["table", "rowtype"]),
        (from_binding, ["binding"]),
        (describe_as_rowtype, ["describe_results"]),
    ],
)
def test_function_has_the_shape_we_call(function: object, parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters  # type: ignore[arg-type]


def test_constants_are_what_we_read() -> None:
    assert {INSERT, *DML_TYPE_IDS} <= set(range(0x3000, 0x4000))
    assert SERVER_VERSION
    assert "duckdb_tables tables" in info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW.template


@pytest.mark.parametrize(
    "name",
    [
        *("_fs_show_columns", "_fs_show_file_formats", "_fs_show_sequences"),
        *("_fs_columns_ext", "_fs_tables_ext", "_fs_users"),
    ],
)
def test_view_or_table_of_the_account_is_there(name: str) -> None:
    statements = info_schema.fs_global_creation_sql() + show.fs_global_creation_sql()
    assert f"_fs_information_schema.{name} " in statements


@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("select f.value from t, lateral flatten(t.v) f", "_FS_FLATTEN("),
        ("select to_timestamp_ntz(a) from t", "_FS_TO_TIMESTAMP("),
        ("select array_agg(a) from t", "TO_JSON(ARRAY_AGG("),
        ("select listagg(a) from t", "LISTAGG("),
    ],
)
def test_fakesnow_writes_what_we_mend(tmp_path: Path, sql: str, made: str) -> None:
    """Our macros take the place of its own, and our rewrites look for its forms."""
    session = FakeSnow().connect("d", "s")
    transformed = session.cursor()._transform(sqlglot.parse_one(sql, read="snowflake"), None)
    assert made in transformed.sql(dialect="duckdb").upper()


def test_duckdb_tells_the_type_of_an_operand() -> None:
    """What typed.py asks, and the types it knows by name."""
    question = "describe select 1 as a, 1.5::decimal(10, 2) as b, '{}'::json as c, now() as d"
    kinds = [row[1] for row in duckdb.connect().execute(question).fetchall()]
    assert kinds == ["INTEGER", "DECIMAL(10,2)", "JSON", "TIMESTAMP WITH TIME ZONE"]


def test_duckdb_takes_its_snapshot_at_the_first_look() -> None:
    """The whole of READ COMMITTED rests on it."""
    first = duckdb.connect()
    first.execute("create table t (a int)")
    second = first.cursor()
    second.execute("begin")
    first.execute("insert into t values (1)")
    assert second.execute("select count(*) from t").fetchall() == [(1,)]
    first.execute("insert into t values (2)")
    assert second.execute("select count(*) from t").fetchall() == [(1,)]


def test_duckdb_says_ok_to_committing_a_lost_transaction() -> None:
    """Why the session counts errors itself."""
    connection = duckdb.connect()
    connection.execute("create table t (a int)")
    connection.execute("begin")
    connection.execute("insert into t values (1)")
    with pytest.raises(duckdb.Error):
        connection.execute("select nope")
    connection.execute("commit")
    assert connection.execute("select count(*) from t").fetchall() == [(0,)]


def test_sqlglot_reads_copy_as_we_expect() -> None:
    copy = sqlglot.parse_one(
        "copy into t (a) from (select $1, metadata$filename from @s/x) files = ('f')"
        " file_format = (type = json)",
        read="snowflake",
    )
    assert isinstance(copy, exp.Copy)
    select = copy.args["files"][0].this
    assert isinstance(select.expressions[0], exp.Parameter)
    assert select.args["from_"].this.this.name == "@s/x"
    assert [p.this.name.upper() for p in copy.args["params"]] == ["FILES", "FILE_FORMAT"]
