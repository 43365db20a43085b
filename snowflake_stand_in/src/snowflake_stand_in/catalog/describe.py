"""DESCRIBE of tables and views; comments on them and on their columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from snowflake_stand_in.catalog import show, swap
from snowflake_stand_in.engine.locks import TableName
from snowflake_stand_in.sql import lengths, names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.stages import stages

if TYPE_CHECKING:
    from snowflake_stand_in.statement import Cursor

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
    session = cursor._conn
    if kind in ("SCHEMA", "DATABASE"):
        show.contents(cursor, kind, statement.this)
        return True
    name = names.full(statement.this, session.database, session.schema)
    if kind == "STAGE":
        stages.describe(cursor, name)
        return True
    if kind == "FILE FORMAT":
        stages.describe_format(cursor, name)
        return True
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


def exists(cursor: Cursor, name: TableName) -> bool:
    """Whether there is a table or view of this name that lasts."""
    return bool(
        cursor.rows(
            "select 1 from information_schema.tables "
            "where table_catalog = ? and table_schema = ? and table_name = ?",
            name,
        )
    )


def is_there(cursor: Cursor, statement: exp.Expr) -> bool:
    """Whether CREATE TABLE or VIEW IF NOT EXISTS has nothing to do."""
    if not isinstance(statement, exp.Create) or not statement.args.get("exists"):
        return False
    if str(statement.args["kind"]).upper() not in ("TABLE", "VIEW"):
        return False
    return exists(cursor, names.target(statement, cursor._conn.database, cursor._conn.schema))


def move(cursor: Cursor, old: TableName, new: TableName) -> None:
    """Keep the comment of a table that has got another name."""
    cursor.rows(
        f"update {_TABLES_EXT} set ext_table_catalog = ?, ext_table_schema = ?, ext_table_name = ? "
        "where ext_table_catalog = ? and ext_table_schema = ? and ext_table_name = ?",
        [*new, *old],
    )


def comment(cursor: Cursor, statement: exp.Comment) -> None:
    """Run COMMENT ON; only those on tables, views and columns can be read again."""
    kind = str(statement.args["kind"]).upper()
    text = statement.expression.name
    if kind == "COLUMN":
        parts = [statement.this.args.get(part) for part in ("table", "db", "catalog")]
        table = exp.table_(*(part.copy() if part is not None else None for part in parts))
        name = names.full(table, cursor._conn.database, cursor._conn.schema)
        _comment_on_column(cursor, name, names.normal(statement.this.this), text)
    elif kind in ("TABLE", "VIEW", "SCHEMA", "DATABASE"):
        record(cursor, statement, text, [])
    elif kind == "STAGE":
        name = names.full(statement.this, cursor._conn.database, cursor._conn.schema)
        stages.comment(cursor, name, text)
    else:
        raise unsupported(f"COMMENT ON {kind}")
    cursor.succeed()


def set_properties(cursor: Cursor, statement: exp.Expr) -> bool:
    """Run ALTER … SET of properties without a meaning here, and of COMMENT; False if it isn't."""
    actions = statement.args.get("actions") or []
    if not isinstance(statement, exp.Alter) or not isinstance(actions[0], exp.AlterSet):
        return False
    text = _set_comment(list(actions[0].find_all(exp.Property)))
    record(cursor, statement, text, [])
    cursor.succeed()
    return True


def alter_container(cursor: Cursor, statement: exp.Command) -> bool:
    """Run ALTER SCHEMA and DATABASE … SET; return whether the statement was one."""
    match = re.match(
        r"\s*(schema|database)\s+(?:if\s+exists\s+)?(\S+)\s+set\s+(.+)",
        str(statement.expression),
        re.IGNORECASE | re.DOTALL,
    )
    if str(statement.this).upper() != "ALTER" or match is None:
        return False
    kind, name, rest = match.groups()
    # A table's properties parse, a schema's don't
    set_ = sqlglot.parse_one(f"create table t (a int) {rest}", read="snowflake")
    text = _set_comment(list(set_.find_all(exp.Property)))
    session = cursor._conn
    session.commit()
    show.require(cursor, kind.upper(), exp.to_table(name, dialect="snowflake"))
    table = exp.Comment(this=exp.to_table(name, dialect="snowflake"), kind=kind.upper())
    _record_comment(cursor, table, text)
    cursor.succeed()
    return True


_WITHOUT_MEANING = {
    "DATA_RETENTION_TIME_IN_DAYS",
    "MAX_DATA_EXTENSION_TIME_IN_DAYS",
    "CHANGE_TRACKING",
    "LOG_LEVEL",
    "TRACE_LEVEL",
}


def _set_comment(properties: list[exp.Expr]) -> str | None:
    text = None
    for prop in properties:
        name = str(getattr(prop.this, "name", "")).upper()
        if isinstance(prop, exp.SchemaCommentProperty):
            text = prop.this.name
        elif name not in _WITHOUT_MEANING:
            raise unsupported(f"ALTER … SET {name or prop.key.upper()}")
    return text


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
    if kind in ("SCHEMA", "DATABASE"):
        _record_comment(cursor, statement, text)
        return
    if kind not in ("TABLE", "VIEW", "COLUMN"):
        return
    name = names.target(statement, cursor._conn.database, cursor._conn.schema)
    lengths.record(cursor, statement, name)
    swap.renamed(cursor, statement)
    if text is not None:
        cursor.rows(_COMMENT, [*name, text])
    elif isinstance(statement, exp.Create | exp.Drop):
        cursor.rows(_NO_COMMENT, name)
    for column, column_text in columns:
        _comment_on_column(cursor, name, column, column_text)


def _record_comment(cursor: Cursor, statement: exp.Expr, text: str | None) -> None:
    """Keep the comment of a schema or database: it is its table without a name."""
    kind = str(statement.args["kind"]).upper()
    found = statement.find(exp.Table)
    if found is None:
        return
    parts = [names.normal(part) for part in found.parts]
    if kind == "DATABASE":
        name = TableName(parts[-1], "", "")
    else:
        name = TableName(str(parts[0] if len(parts) > 1 else cursor._conn.database), parts[-1], "")
    if text is not None:
        cursor.rows(_COMMENT, [*name, text])
    elif isinstance(statement, exp.Drop) or statement.args.get("replace"):
        cursor.rows(_NO_COMMENT, name)


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
