"""DESCRIBE of tables and views; comments on them and on their columns."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

from snowflake_stand_in.catalog import notes, show
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.stages import file_formats, stages
from snowflake_stand_in.translation import column_types
from snowflake_stand_in.translation.result_types import Columns

# From DuckDB's own list: fakesnow's INFORMATION_SCHEMA.COLUMNS joins it with itself
_COLUMNS = """
select
    c.column_name as "name",
    coalesce(t.type, case
        when starts_with(c.data_type, 'DECIMAL')
            then 'NUMBER(' || c.numeric_precision || ',' || c.numeric_scale || ')'
        when c.data_type in ('BIGINT', 'HUGEINT', 'INTEGER', 'UBIGINT') then 'NUMBER(38,0)'
        when c.data_type = 'VARCHAR' then 'VARCHAR(16777216)'
        when c.data_type = 'DOUBLE' then 'FLOAT'
        when c.data_type = 'JSON' then 'VARIANT'
        when c.data_type = 'TIMESTAMP' then 'TIMESTAMP_NTZ(9)'
        when c.data_type = 'TIMESTAMP WITH TIME ZONE' then 'TIMESTAMP_LTZ(9)'
        when starts_with(c.data_type, 'STRUCT(utc TIMESTAMP') then 'TIMESTAMP_TZ(9)'
        when c.data_type = 'TIME' then 'TIME(9)'
        when c.data_type = 'BLOB' then 'BINARY(8388608)'
        else c.data_type
    end) as "type",
    'COLUMN' as "kind",
    if(c.is_nullable, 'Y', 'N') as "null?",
    c.column_default as "default",
    'N' as "primary key",
    'N' as "unique key",
    null::varchar as "check",
    null::varchar as "expression",
    c.comment as "comment",
    null::varchar as "policy name",
    null::varchar as "privacy domain"
from duckdb_columns() as c
left join {types} as t
    on t.database_name = '{kept.database}' and t.schema_name = '{kept.schema}'
        and t.table_name = '{kept.name}' and t.column_name = c.column_name
where c.database_name = '{place.database}' and c.schema_name = '{place.schema}'
    and c.table_name = '{place.name}'
order by c.column_index
"""

_TABLES_EXT = "_fs_global._fs_information_schema._fs_tables_ext"
_COMMENT = f"insert or replace into {_TABLES_EXT} values (?, ?, ?, ?)"
_NO_COMMENT = (
    f"delete from {_TABLES_EXT} "
    "where ext_table_catalog = ? and ext_table_schema = ? and ext_table_name = ?"
)


def applies(cursor: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is a DESCRIBE of an object known here."""
    if not isinstance(statement, exp.Describe) or not isinstance(statement.this, exp.Table):
        return False
    kind = str(statement.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW", ""):
        return kind in ("SCHEMA", "DATABASE", "STAGE", "FILE FORMAT")
    name = names.full(statement.this, cursor.session.database, cursor.session.schema)
    return name.schema != "INFORMATION_SCHEMA"


def run(cursor: Cursor, statement: exp.Describe) -> None:
    """Run DESCRIBE of a table, view, stage, file format, schema or database."""
    kind = str(statement.args.get("kind") or "").upper()
    session = cursor.session
    if kind in ("SCHEMA", "DATABASE"):
        show.contents(cursor, kind, statement.this)
        return
    name = names.full(statement.this, session.database, session.schema)
    if kind == "STAGE":
        stages.run_describe(cursor, name)
        return
    if kind == "FILE FORMAT":
        file_formats.run_describe_format(cursor, name)
        return
    place, kept = column_types.places(cursor, name)
    with session.reading():
        cursor.answer(_COLUMNS.format(place=place, kept=kept, types=column_types.TABLE))
    if not cursor.result.num_rows:
        raise compilation(2003, f"Object '{name}' does not exist or not authorized.", "02000")


def run_comment(cursor: Cursor, statement: exp.Comment) -> None:
    """Run COMMENT ON; only those on tables, views and columns can be read again."""
    kind = str(statement.args["kind"]).upper()
    text = statement.expression.name
    if kind == "COLUMN":
        parts = [statement.this.args.get(part) for part in ("table", "db", "catalog")]
        table = exp.table_(*(part.copy() if part is not None else None for part in parts))
        name = names.full(table, cursor.session.database, cursor.session.schema)
        _comment_on_column(cursor, name, names.normal(statement.this.this), text)
    elif kind in ("TABLE", "VIEW", "SCHEMA", "DATABASE"):
        record(cursor, statement, text, [])
    elif kind == "STAGE":
        name = names.full(statement.this, cursor.session.database, cursor.session.schema)
        stages.comment_on(cursor, name, text)
    else:
        raise unsupported(f"COMMENT ON {kind}")
    cursor.succeed()


def sets_properties(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is ALTER … SET of properties."""
    actions = statement.args.get("actions") or []
    return isinstance(statement, exp.Alter) and isinstance(actions[0], exp.AlterSet)


def run_set(cursor: Cursor, statement: exp.Alter) -> None:
    """Run ALTER … SET of properties without a meaning here, and of COMMENT."""
    text = _set_comment(list(statement.args["actions"][0].find_all(exp.Property)))
    record(cursor, statement, text, [])
    cursor.succeed()


def run_alter_container(cursor: Cursor, statement: exp.Command) -> None:
    """Run ALTER SCHEMA and DATABASE … SET."""
    match = re.match(
        r"\s*(schema|database)\s+(?:if\s+exists\s+)?(\S+)\s+set\s+(.+)",
        str(statement.expression),
        re.IGNORECASE | re.DOTALL,
    )
    if match is None:
        raise unsupported("statements of ALTER")
    kind, name, rest = match.groups()
    # A table's properties parse, a schema's don't
    set_ = sqlglot.parse_one(f"create table t (a int) {rest}", read="snowflake")
    text = _set_comment(list(set_.find_all(exp.Property)))
    session = cursor.session
    session.commit()
    show.require(cursor, kind.upper(), exp.to_table(name, dialect="snowflake"))
    table = exp.Comment(this=exp.to_table(name, dialect="snowflake"), kind=kind.upper())
    _record_comment(cursor, table, text)
    cursor.succeed()


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
    cursor: Cursor,
    statement: exp.Expr,
    text: str | None,
    columns: list[tuple[str, str]],
    types: Columns | None = None,
) -> None:
    """Keep comments and columns' types; what CREATE makes starts without one."""
    kind = str(statement.args.get("kind") or "").upper()
    if kind in ("SCHEMA", "DATABASE"):
        _record_comment(cursor, statement, text)
        return
    if kind not in ("TABLE", "VIEW", "COLUMN"):
        return
    name = names.target(statement, cursor.session.database, cursor.session.schema)
    column_types.record(cursor, statement, name, types or {})
    notes.follow_rename(cursor, statement)
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
        name = TableName(
            str(parts[0] if len(parts) > 1 else cursor.session.database), parts[-1], ""
        )
    if text is not None:
        cursor.rows(_COMMENT, [*name, text])
    elif isinstance(statement, exp.Drop) or statement.args.get("replace"):
        cursor.rows(_NO_COMMENT, name)


def run_column_comments(cursor: Cursor, statement: exp.Command) -> None:
    """Run dbt's ALTER TABLE … ALTER "A" COMMENT $$…$$, "B" COMMENT $$…$$; refuse any other."""
    tokens = sqlglot.tokenize(str(statement.expression), read="snowflake")
    words = [t.text.upper() for t in tokens]
    if "COMMENT" not in words or "ALTER" not in words:
        raise unsupported("statements of ALTER")
    start = words.index("ALTER")
    text = "".join(t.text if t.text == "." else _sql(t) for t in tokens[1:start])
    table = exp.to_table(text, dialect="snowflake")
    name = names.full(table, cursor.session.database, cursor.session.schema)
    found = []
    rest = [t for t in tokens[start + 1 :] if t.text.upper() not in ("COLUMN", ",", "ALTER")]
    for column, word, comment_token in zip(rest[::3], rest[1::3], rest[2::3], strict=False):
        if word.text.upper() != "COMMENT":
            raise unsupported("statements of ALTER")
        quoted = column.token_type == sqlglot.TokenType.IDENTIFIER
        found.append((column.text if quoted else column.text.upper(), comment_token.text))
    cursor.session.commit()
    for column_name, column_text in found:
        _comment_on_column(cursor, name, column_name, column_text)
    cursor.succeed()


def _sql(token: sqlglot.Token) -> str:
    return f'"{token.text}"' if token.token_type == sqlglot.TokenType.IDENTIFIER else token.text


def _comment_on_column(cursor: Cursor, table: TableName, column: str, text: str) -> None:
    place = f'"{table.database}"."{table.schema}"."{table.name}"'
    literal = exp.Literal.string(text).sql(dialect="duckdb")
    cursor.rows(f'comment on column {place}."{column}" is {literal}')
