"""What is written to columns of dates and times, converted as Snowflake does."""

from __future__ import annotations

from fakesnow.instance import GLOBAL_DATABASE_NAME
from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.translation import operand_types, time_texts, time_values


def convert(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Convert what a statement writes, in place; it is DuckDB's already."""
    if not isinstance(statement, exp.Insert | exp.Update | exp.Merge):
        return statement
    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    if not isinstance(target, exp.Table) or not isinstance(target.this, exp.Identifier):
        return statement
    if target.catalog == GLOBAL_DATABASE_NAME:
        return statement  # what CREATE STAGE and FILE FORMAT are to fakesnow
    columns = _columns(cursor, target)
    if not any(kind in time_values.ALL for kind in columns.values()):
        return statement
    match statement:
        case exp.Insert():
            _convert_insert(cursor, statement, columns)
        case exp.Update():
            _convert_assignments(cursor, statement, columns)
        case exp.Merge():
            for when in statement.args["whens"].expressions:
                then = when.args["then"]
                if isinstance(then, exp.Update):
                    _convert_assignments(cursor, then, columns)
                elif isinstance(then, exp.Insert) and then.expression is not None:
                    names = [c.name for c in then.this.expressions] if then.this else list(columns)
                    _convert_values(cursor, names, then.expression.expressions, columns)
    return statement


def _columns(cursor: Cursor, target: exp.Table) -> dict[str, str]:
    """Return the kinds of a table's columns, in order."""
    place = exp.Table(**{part: target.args.get(part) for part in ("this", "db", "catalog")})
    described = relations.described(cursor, exp.select("*").from_(place.copy()))
    return {name: time_values.kind_of(kind) for name, kind, *_ in described}


def _convert_insert(cursor: Cursor, statement: exp.Insert, columns: dict[str, str]) -> None:
    schema, source = statement.this, statement.expression
    named = isinstance(schema, exp.Schema)
    written = [column.name for column in schema.expressions] if named else list(columns)
    if isinstance(source, exp.Values):
        for row in source.expressions:
            _convert_values(cursor, written, row.expressions, columns)
    elif isinstance(source, exp.Query):
        _convert_query(cursor, statement, written, columns)


def _convert_query(
    cursor: Cursor, statement: exp.Insert, written: list[str], columns: dict[str, str]
) -> None:
    source = statement.expression
    asked = source.copy()
    for placeholder in list(asked.find_all(exp.Placeholder)):
        kind = placeholder.meta_get("duckdb", "VARCHAR")
        to = exp.DataType.build(kind, dialect="duckdb")
        placeholder.replace(exp.Cast(this=exp.null(), to=to))
    kinds = [kind for _, kind, *_ in relations.described(cursor, asked)]
    names = [exp.to_identifier(f"_fs_{i}", quoted=True) for i in range(len(kinds))]
    values = [
        _converted(cursor, exp.column(name.copy()), kind, columns.get(column, ""), column)
        for name, kind, column in zip(names, kinds, written, strict=False)
    ]
    if len(values) != len(kinds) or all(isinstance(value, exp.Column) for value in values):
        return
    alias = exp.TableAlias(this=exp.to_identifier("_fs_written", quoted=True), columns=names)
    inner = exp.Subquery(this=source.copy(), alias=alias)
    statement.set("expression", exp.select(*values).from_(inner))


def _convert_values(
    cursor: Cursor, written: list[str], values: list[exp.Expr], columns: dict[str, str]
) -> None:
    dated = [
        (value, column)
        for value, column in zip(values, written, strict=False)
        if columns.get(column) in time_values.ALL and not _is_default(value)
    ]
    kinds = operand_types.kinds_of(cursor, [value for value, _ in dated]) if dated else {}
    for value, column in dated:
        kind = kinds.get(id(value))
        if kind is not None:
            value.replace(_converted(cursor, value.copy(), kind, columns[column], column))


def _convert_assignments(cursor: Cursor, update: exp.Update, columns: dict[str, str]) -> None:
    names = [assignment.this.name for assignment in update.expressions]
    _convert_values(cursor, names, [a.expression for a in update.expressions], columns)


def _is_default(value: exp.Expr) -> bool:
    return isinstance(value, exp.Var | exp.Column) and value.name.upper() == "DEFAULT"


def _converted(cursor: Cursor, value: exp.Expr, duckdb: str, target: str, column: str) -> exp.Expr:
    kind = time_values.kind_of(duckdb.strip('"'))
    if target not in time_values.ALL or kind in (target, "NULL"):
        return value
    if kind == "NUMBER":
        raise compilation(
            2023,
            f"Expression type does not match column data type, expecting {target} but got NUMBER "
            f"for column {column}",
        )
    return time_texts.assigned(value, duckdb.strip('"'), target, cursor.session.settings)
