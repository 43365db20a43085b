"""The lengths of VARCHAR columns: enforced by every write of a table.

DuckDB knows no lengths, and a CHECK would forbid changing the column's type.
"""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.translation import column_types


def enforce(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Make a write to DuckDB raise Snowflake's error for texts that are too long, in place."""
    if not isinstance(statement, exp.Insert | exp.Update | exp.Merge):
        return statement
    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    if not isinstance(target, exp.Table) or not isinstance(target.this, exp.Identifier):
        return statement
    name = TableName(target.catalog, target.db, target.name)
    if name.database == "temp":
        name = next(known for known in cursor.session.temporary if str(known) == name.name)
    limits = column_types.limits(cursor, name)
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
