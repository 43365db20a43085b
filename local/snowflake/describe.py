"""DESCRIBE of tables, views and stages, with comments on columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
            then 'NUMBER(' || coalesce(c.numeric_precision, 38) || ','
                || coalesce(c.numeric_scale, 0) || ')'
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
    k.comment as "comment",
    null::varchar as "policy name",
    null::varchar as "privacy domain"
from _fs_global._fs_information_schema._fs_columns as c
left join _fs_global.main.column_comments as k
    on k.catalog = '{comments.database}' and k.schema = '{comments.schema}'
    and k.table_name = '{comments.name}' and k.column_name = c.column_name
where c.table_catalog = '{place.database}' and c.table_schema = '{place.schema}'
    and c.table_name = '{place.name}'
order by c.ordinal_position
"""

_COMMENT = "insert or replace into _fs_global.main.column_comments values (?, ?, ?, ?, ?)"


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
        cursor.answer(_COLUMNS.format(place=place, comments=name))
    if not cursor.rowcount:
        raise compilation(2003, f"Object '{name}' does not exist or not authorized.", "02000")
    return True


def comment_on_column(cursor: Cursor, statement: exp.Comment) -> None:
    """Run COMMENT ON COLUMN."""
    column = statement.this
    table = exp.table_(
        column.args["table"], db=column.args.get("db"), catalog=column.args.get("catalog")
    )
    name = names.full(table, cursor._conn.database, cursor._conn.schema)
    text = statement.expression.name
    cursor.rows(_COMMENT, [*name, names.normal(column.this), text])
    cursor.succeed()


def record_comments(cursor: Cursor, statement: exp.Expression) -> None:
    """Keep the comments on columns of CREATE VIEW (a comment 'x') and ALTER TABLE … COMMENT."""
    found: list[tuple[str, str]] = []
    for column in statement.find_all(exp.ColumnDef):
        for constraint in column.find_all(exp.CommentColumnConstraint):
            found.append((names.normal(column.this), constraint.this.name))
    for change in statement.find_all(exp.AlterColumn):
        if comment := change.args.get("comment"):
            found.append((names.normal(change.find(exp.Identifier)), comment.name))
    if found:
        table = names.target(statement, cursor._conn.database, cursor._conn.schema)
        for column_name, text in found:
            cursor.rows(_COMMENT, [*table, column_name, text])
