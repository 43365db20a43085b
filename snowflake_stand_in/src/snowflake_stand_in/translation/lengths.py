"""The lengths of VARCHAR columns: recorded by DDL, enforced by every write of a table.

DuckDB knows no lengths, and a CHECK would forbid changing the column's type.
"""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.translation import functions

_EXT = "_fs_global._fs_information_schema._fs_columns_ext"
_WHERE = "where ext_table_catalog = ? and ext_table_schema = ? and ext_table_name = ?"
_LONGEST = 16_777_216


def record(cursor: Cursor, statement: exp.Expr, name: TableName) -> None:
    """Keep what CREATE, ALTER and DROP of a table or view say about lengths."""
    if isinstance(statement, exp.Create | exp.Drop):
        cursor.rows(f"delete from {_EXT} {_WHERE}", name)
    for column, length in _declared(statement).items():
        cursor.rows(
            f"insert or replace into {_EXT} values (?, ?, ?, ?, ?, ?)",
            [*name, column, length, min(length * 4, _LONGEST)],
        )
    for action in statement.args.get("actions") or []:
        if isinstance(action, exp.RenameColumn):
            old, new = action.this.name, action.args["to"].name
            cursor.rows(
                f"update {_EXT} set ext_column_name = ? {_WHERE} and ext_column_name = ?",
                [_stored(action.args["to"]) or new, *name, _stored(action.this) or old],
            )


def of_session(cursor: Cursor, name: str) -> TableName:
    """Return the name under which a temporary table's lengths are kept."""
    return TableName("temp", cursor.session.session_id, name)


def move(cursor: Cursor, old: TableName, new: TableName) -> None:
    """Keep the lengths of a table that has got another name."""
    cursor.rows(
        f"update {_EXT} set ext_table_catalog = ?, ext_table_schema = ?, ext_table_name = ? "
        f"{_WHERE}",
        [*new, *old],
    )


def enforce(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Make a write to DuckDB raise Snowflake's error for texts that are too long, in place."""
    if not isinstance(statement, exp.Insert | exp.Update | exp.Merge):
        return statement
    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    if not isinstance(target, exp.Table) or not isinstance(target.this, exp.Identifier):
        return statement
    name = TableName(target.catalog, target.db, target.name)
    if name.database == "temp":
        name = of_session(cursor, name.name)
    limits = dict(
        cursor.rows(
            f"select ext_column_name, ext_character_maximum_length from {_EXT} {_WHERE} "
            f"and ext_character_maximum_length < {_LONGEST}",
            name,
        )
    )
    if not limits:
        return statement
    match statement:
        case exp.Insert():
            _fit_insert(cursor, statement, target, limits)
        case exp.Update():
            _fit_assignments(statement, limits)
        case exp.Merge():
            for when in statement.args["whens"].expressions:
                then = when.args["then"]
                if isinstance(then, exp.Update):
                    _fit_assignments(then, limits)
                elif isinstance(then, exp.Insert) and then.expression is not None:
                    written = (
                        [c.name for c in then.this.expressions]
                        if then.this is not None
                        else _columns(cursor, target)
                    )
                    _fit_row(then.expression.expressions, written, limits)
    return statement


def _fit_insert(
    cursor: Cursor, statement: exp.Insert, target: exp.Table, limits: dict[str, int]
) -> None:
    schema = statement.this
    if isinstance(schema, exp.Schema):
        written = [column.name for column in schema.expressions]
    else:
        written = _columns(cursor, target)
    if not limits.keys() & set(written):
        return
    source = statement.expression
    if isinstance(source, exp.Values):
        for row in source.expressions:
            _fit_row(row.expressions, written, limits)
    elif isinstance(source, exp.Query):
        columns = [exp.to_identifier(f"_fs_{i}", quoted=True) for i in range(len(written))]
        fitted = [
            _fit(exp.column(column.copy()), limits.get(own))
            for column, own in zip(columns, written, strict=True)
        ]
        inner = exp.Subquery(
            this=source.copy(),
            alias=exp.TableAlias(this=exp.to_identifier("_fs_rows", quoted=True), columns=columns),
        )
        statement.set("expression", exp.select(*fitted).from_(inner))


def _columns(cursor: Cursor, target: exp.Table) -> list[str]:
    place = exp.Table(**{part: target.args.get(part) for part in ("this", "db", "catalog")})
    return [name for name, *_ in cursor.rows(f"describe {place.sql(dialect='duckdb')}")]


def _fit_row(values: list[exp.Expr], written: list[str], limits: dict[str, int]) -> None:
    for value, column in zip(values, written, strict=False):
        default = isinstance(value, exp.Var | exp.Column) and value.name.upper() == "DEFAULT"
        if column in limits and not default:
            value.replace(_fit(value.copy(), limits[column]))


def _fit_assignments(update: exp.Update, limits: dict[str, int]) -> None:
    for assignment in update.expressions:
        if (length := limits.get(assignment.this.name)) is not None:
            assignment.set("expression", _fit(assignment.expression.copy(), length))


def _fit(value: exp.Expr, length: int | None) -> exp.Expr:
    if length is None:
        return value
    return exp.Anonymous(this="_FS_FIT", expressions=[value, exp.Literal.number(length)])


def _declared(statement: exp.Expr) -> dict[str, int]:
    """Return the lengths that a statement gives to columns, by their stored names."""
    found: dict[str, int] = {}
    for column in statement.find_all(exp.ColumnDef):
        kind = column.args.get("kind")
        if isinstance(kind, exp.DataType) and kind.this in exp.DataType.TEXT_TYPES:
            found[names.normal(column.this)] = functions.length(kind) or _LONGEST
    for change in statement.find_all(exp.AlterColumn):
        kind = change.args.get("dtype")
        if isinstance(kind, exp.DataType) and kind.this in exp.DataType.TEXT_TYPES:
            found[_stored(change.this)] = functions.length(kind) or _LONGEST
    query = statement.expression if isinstance(statement, exp.Create) else None
    if isinstance(query, exp.Subquery):
        query = query.this
    if isinstance(query, exp.Select):
        for projection in query.expressions:
            value = projection.unalias()
            if type(value) is exp.Cast and (length := functions.length(value.to)) is not None:
                alias = projection.args.get("alias") or value.this.find(exp.Identifier)
                if isinstance(alias, exp.Identifier):
                    found[names.normal(alias)] = length
    return found


def _stored(column: exp.Expr) -> str:
    identifier = column.find(exp.Identifier)
    return names.normal(identifier) if identifier is not None else column.name
