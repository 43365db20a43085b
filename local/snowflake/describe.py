"""DESCRIBE of tables and views; comments on them and on their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from local.snowflake import names, stages
from local.snowflake.errors import compilation
from local.snowflake.locks import TableName

if TYPE_CHECKING:
    from local.snowflake.cursor import Cursor

_COLUMNS = """
select
    c.column_name as "name",
    case
        when c.data_type in ('NUMBER', 'HUGEINT', 'INTEGER', 'UBIGINT')
            then case when c.numeric_scale > 0 or c.data_type = 'NUMBER'
                then 'NUMBER(' || c.numeric_precision || ',' || c.numeric_scale || ')'
                else 'NUMBER(38,0)' end
        when c.data_type = 'TEXT'
            then 'VARCHAR(' || coalesce(c.character_maximum_length, 16777216) || ')'
        when c.data_type in ('TIMESTAMP_NTZ', 'TIMESTAMP_TZ', 'TIME') then c.data_type || '(9)'
        when c.data_type = 'BINARY' then 'BINARY(8388608)'
        else c.data_type
    end as "type",
    'COLUMN' as "kind",
    case when c.is_nullable = 'YES' then 'Y' else 'N' end as "null?",
    c.column_default as "default",
    'N' as "primary key",
    'N' as "unique key",
    null::varchar as "check",
    null::varchar as "expression",
    c.comment as "comment",
    null::varchar as "policy name",
    null::varchar as "privacy domain"
from _fs_global._fs_information_schema._fs_columns as c
where c.table_catalog = '{place.database}' and c.table_schema = '{place.schema}'
    and c.table_name = '{place.name}'
order by c.ordinal_position
"""

_TABLES_EXT = "_fs_global._fs_information_schema._fs_tables_ext"
_COMMENT = f"insert or replace into {_TABLES_EXT} values (?, ?, ?, ?)"
_NO_COMMENT = (
    f"delete from {_TABLES_EXT} "
    "where ext_table_catalog = ? and ext_table_schema = ? and ext_table_name = ?"
)


def handle(cursor: Cursor, statement: exp.Describe) -> bool:
    """Run DESCRIBE TABLE, VIEW and STAGE; return whether it was one of them."""
    kind = str(statement.args.get("kind") or "").upper()
    if not isinstance(statement.this, exp.Table):
        return False
    if kind == "STAGE":
        stages.describe(cursor, statement)
        return True
    session = cursor._conn
    name = names.full(statement.this, session.database, session.schema)
    if kind not in ("TABLE", "VIEW", "") or name.schema == "INFORMATION_SCHEMA":
        return False
    place = TableName("temp", "main", str(name)) if name in session.temporary else name
    with session.reading():
        cursor.answer(_COLUMNS.format(place=place))
    if not cursor.rowcount:
        raise compilation(2003, f"Object '{name}' does not exist or not authorized.", "02000")
    return True


def columns(cursor: Cursor, name: TableName) -> dict[str, str]:
    """Return a table's columns and their DuckDB types, in order."""
    place = names.physical(name) if name in cursor._conn.temporary else names.table(name)
    described = cursor.rows(f"describe {place.sql(dialect='duckdb', identify=True)}")
    return {column: kind for column, kind, *_ in described}


def comment(cursor: Cursor, statement: exp.Comment) -> None:
    """Run COMMENT ON; only those on tables, views and columns can be read again."""
    kind = str(statement.args["kind"]).upper()
    text = statement.expression.name
    if kind == "COLUMN":
        parts = [statement.this.args.get(part) for part in ("table", "db", "catalog")]
        table = exp.table_(*(part.copy() if part is not None else None for part in parts))
        name = names.full(table, cursor._conn.database, cursor._conn.schema)
        _comment_on_column(cursor, name, names.normal(statement.this.this), text)
    elif kind in ("TABLE", "VIEW"):
        record(cursor, statement, text, [])
    cursor.succeed()


def take_comments(statement: exp.Expr) -> tuple[str | None, list[tuple[str, str]]]:
    """Take the comments out of CREATE and ALTER: the table's, and those on columns."""
    text, columns = None, []
    for prop in list(statement.find_all(exp.SchemaCommentProperty)):
        text = prop.this.name
        prop.pop()
    for definition in statement.find_all(exp.ColumnDef):
        for constraint in definition.find_all(exp.CommentColumnConstraint):
            columns.append((names.normal(definition.this), constraint.this.name))
    for change in statement.find_all(exp.AlterColumn):
        if found := change.args.get("comment"):
            columns.append((names.normal(change.find(exp.Identifier)), found.name))
    return text, columns


def record(
    cursor: Cursor, statement: exp.Expr, text: str | None, columns: list[tuple[str, str]]
) -> None:
    """Keep comments; what CREATE makes starts without one."""
    kind = str(statement.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW", "COLUMN"):
        return
    name = names.target(statement, cursor._conn.database, cursor._conn.schema)
    if text is not None:
        cursor.rows(_COMMENT, [*name, text])
    elif isinstance(statement, exp.Create | exp.Drop):
        cursor.rows(_NO_COMMENT, name)
    for column, column_text in columns:
        _comment_on_column(cursor, name, column, column_text)


def alter_column_comments(cursor: Cursor, statement: exp.Command) -> bool:
    """Run dbt's ALTER TABLE … ALTER "A" COMMENT $$…$$, "B" COMMENT $$…$$; False if it isn't one."""
    if str(statement.this).upper() != "ALTER":
        return False
    tokens = sqlglot.tokenize(str(statement.expression), read="snowflake")
    words = [t.text.upper() for t in tokens]
    if words[:1] not in (["TABLE"], ["VIEW"]) or "COMMENT" not in words or "ALTER" not in words:
        return False
    start = words.index("ALTER")
    text = "".join(t.text if t.text == "." else _sql(t) for t in tokens[1:start])
    table = exp.to_table(text, dialect="snowflake")
    name = names.full(table, cursor._conn.database, cursor._conn.schema)
    found = []
    rest = [t for t in tokens[start + 1 :] if t.text.upper() not in ("COLUMN", ",", "ALTER")]
    for column, word, comment_token in zip(rest[::3], rest[1::3], rest[2::3], strict=False):
        if word.text.upper() != "COMMENT":
            return False
        quoted = column.token_type == sqlglot.TokenType.IDENTIFIER
        found.append((column.text if quoted else column.text.upper(), comment_token.text))
    cursor._conn.commit()
    for column_name, column_text in found:
        _comment_on_column(cursor, name, column_name, column_text)
    cursor.succeed()
    return True


def _sql(token: sqlglot.Token) -> str:
    return f'"{token.text}"' if token.token_type == sqlglot.TokenType.IDENTIFIER else token.text


def _comment_on_column(cursor: Cursor, table: TableName, column: str, text: str) -> None:
    place = f'"{table.database}"."{table.schema}"."{table.name}"'
    literal = exp.Literal.string(text).sql(dialect="duckdb")
    cursor.rows(f'comment on column {place}."{column}" is {literal}')
