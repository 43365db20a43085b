"""The types of tables' and views' columns, as DDL has declared or implied them.

DuckDB's own are wider and fewer: it knows no NUMBER(18,0) and no VARCHAR(10). DESCRIBE, lists of
columns and results tell these; `lengths` has writes fit them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import data_types, names
from snowflake_stand_in.sql.data_types import Type
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.translation import result_types
from snowflake_stand_in.translation.result_types import Columns

TABLE = "_fs_global.main.column_types"
_OF_ONE = "where database_name = ? and schema_name = ? and table_name = ?"
_KNOWN = f"""
select c.column_name, c.data_type, t.type, t."precision", t.scale, t.length
from duckdb_columns() as c
left join {TABLE} as t on t.database_name = ? and t.schema_name = ? and t.table_name = ?
    and t.column_name = c.column_name
where c.database_name = ? and c.schema_name = ? and c.table_name = ?
order by c.column_index
"""


def implied(cursor: Cursor, statement: exp.Expr) -> Columns:
    """Return what a statement says of columns' types, by their stored names, before it runs."""
    found: Columns = {}
    session = cursor.session
    there: Columns = {}
    if isinstance(statement, exp.Alter):
        # ADD COLUMN IF NOT EXISTS leaves one that exists as it is
        there = of_table(cursor, names.target(statement, session.database, session.schema))
    for column in statement.find_all(exp.ColumnDef):
        name, kind = names.normal(column.this), column.args.get("kind")
        if isinstance(kind, exp.DataType) and name not in there:
            found[name] = data_types.declared(kind)
    for change in statement.find_all(exp.AlterColumn):
        if isinstance(kind := change.args.get("dtype"), exp.DataType):
            found[_stored(change.this)] = data_types.declared(kind)
    query = statement.expression if isinstance(statement, exp.Create) else None
    query = query.unnest() if query is not None else None
    if found or not isinstance(query, exp.Query):
        return found
    inferred = of_query(cursor, query) or {}
    listed = statement.this.expressions if isinstance(statement.this, exp.Schema) else []
    if listed:
        return dict(zip(map(_stored, listed), inferred.values(), strict=False))
    return inferred


def record(cursor: Cursor, statement: exp.Expr, name: TableName, found: Columns) -> None:
    """Keep what a CREATE, ALTER or DROP that has run implies."""
    place = _kept_as(cursor, name)
    if isinstance(statement, exp.Alter) and not relations.exists(cursor, name):
        return  # IF EXISTS, of one that doesn't
    if isinstance(statement, exp.Create | exp.Drop):
        cursor.rows(f"delete from {TABLE} {_OF_ONE}", place)
    if found and not isinstance(statement, exp.Drop):
        declared = isinstance(statement, exp.Alter) or statement.find(exp.ColumnDef) is not None
        if not declared:
            stored = relations.columns(cursor, name)
            found = {
                column: data_types.narrowed(data_types.of_duckdb(stored.get(column, "")), kind)
                for column, kind in found.items()
            }
        if known := {column: kind for column, kind in found.items() if kind is not None}:
            _keep(cursor, place, known)
    for action in statement.args.get("actions") or []:
        if isinstance(action, exp.RenameColumn):
            cursor.rows(
                f"update {TABLE} set column_name = ? {_OF_ONE} and column_name = ?",
                [_stored(action.args["to"]), *place, _stored(action.this)],
            )
        elif isinstance(action, exp.Drop):
            for column in action.find_all(exp.Identifier):
                gone = [*place, names.normal(column)]
                cursor.rows(f"delete from {TABLE} {_OF_ONE} and column_name = ?", gone)


def _keep(cursor: Cursor, place: TableName, kinds: Mapping[str, Type]) -> None:
    cursor.rows(
        f"delete from {TABLE} {_OF_ONE} and list_contains(?, column_name)", [*place, list(kinds)]
    )
    fields = [list(field) for field in zip(*(kind[1:] for kind in kinds.values()), strict=True)]
    cursor.rows(
        f"insert into {TABLE} select ?, ?, ?, {', '.join(['unnest(?)'] * 5)}",
        [*place, list(kinds), list(map(str, kinds.values())), *fields],
    )


def move(cursor: Cursor, old: TableName, new: TableName) -> None:
    """Keep the types of a table that has got another name."""
    cursor.rows(
        f"update {TABLE} set database_name = ?, schema_name = ?, table_name = ? {_OF_ONE}",
        [*new, *old],
    )


def of_table(cursor: Cursor, name: TableName) -> Columns:
    """Return a table's or view's columns; none if it doesn't exist."""
    place, kept = places(cursor, name)
    rows = cursor.rows(_KNOWN, [*kept, *place])
    return {
        column: Type(text.partition("(")[0], *sizes) if text else data_types.of_duckdb(stored)
        for column, stored, text, *sizes in rows
    }


def limits(cursor: Cursor, name: TableName) -> dict[str, int]:
    """Return the lengths of a table's VARCHAR columns that have one."""
    limited = f"{_OF_ONE} and starts_with(type, 'VARCHAR') and length < {data_types.LONGEST_TEXT}"
    sql = f"select column_name, length from {TABLE} {limited}"
    return dict(cursor.rows(sql, _kept_as(cursor, name)))


def of_query(cursor: Cursor, query: exp.Query) -> Columns | None:
    """Infer the columns of a query; None if it can't be analysed. Remembered until DDL."""
    session = cursor.session
    sources = list(query.find_all(exp.Table))
    is_known = all(isinstance(source.this, exp.Identifier | exp.Func) for source in sources)
    # A stage's file, or one of its columns
    if not (session.database and session.schema and is_known) or query.find(exp.Parameter):
        return None
    read = {
        names.full(source, session.database, session.schema)
        for source in sources
        if isinstance(source.this, exp.Identifier)
    }

    def infer() -> Columns | None:
        tables = {name: of_table(cursor, name) for name in read}
        known = {name: columns for name, columns in tables.items() if columns}
        return result_types.of_query(query, known, session.database, session.schema)

    if read & session.temporary.keys():
        return infer()
    question = ("types", session.database, session.schema, query.sql(dialect="snowflake"))
    return session.account.descriptions.of(question, infer)


def places(cursor: Cursor, name: TableName) -> tuple[TableName, TableName]:
    """Return where a table lies in DuckDB, and under which name its types are kept here."""
    session = cursor.session
    if name not in session.temporary:
        return name, name
    # A temporary table is one session's
    return TableName("temp", "main", str(name)), TableName("temp", session.session_id, str(name))


def _kept_as(cursor: Cursor, name: TableName) -> TableName:
    return places(cursor, name)[1]


def _stored(column: exp.Expr) -> str:
    identifier = column.find(exp.Identifier)
    return names.normal(identifier) if identifier is not None else column.name
