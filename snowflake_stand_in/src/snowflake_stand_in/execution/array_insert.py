"""An INSERT with an array binding: one DuckDB statement, not one for each row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names, results

_BINDS = "_BINDS"


def insert(cursor: Cursor, statement: exp.Insert, bindings: dict[str, Any]) -> None:
    """Insert all rows of `bindings`, inside the transaction that the caller has opened."""
    target = names.target(statement, cursor.session.database, cursor.session.schema)
    kinds = relations.columns(cursor, target)
    if isinstance(statement.this, exp.Schema):
        written = [names.normal(column) for column in statement.this.expressions]
    else:
        written = list(kinds)
    insert = statement.copy()
    source = insert.expression
    if isinstance(source, exp.Values):
        (row,) = source.expressions
        source = exp.select(*[e.copy() for e in row.expressions])
    bound_kinds: dict[str, str] = {}
    for column, value in zip(written, source.expressions, strict=False):
        if isinstance(value, exp.Placeholder):
            bound_kinds[_number(source, value)] = kinds.get(column, "")
    for number, placeholder in enumerate(_placeholders(source), start=1):
        name = exp.to_identifier(f"b{placeholder.this or number}", quoted=True)
        placeholder.replace(exp.column(name))
    if source.args.get("from_") is None:
        source = source.from_(exp.table_(_BINDS, db="main", catalog="temp"))
    insert.set("expression", source)
    table = {
        f"b{number}": pa.array(
            [results.bound(b["type"], value, bound_kinds.get(number, "")) for value in b["value"]]
        )
        for number, b in bindings.items()
    }
    cursor.register(_BINDS, pa.table(table))
    try:
        cursor.run_translated(insert)
    finally:
        cursor.unregister(_BINDS)


def _placeholders(source: exp.Expr) -> list[exp.Placeholder]:
    return list(source.find_all(exp.Placeholder, bfs=False))


def _number(source: exp.Expr, wanted: exp.Placeholder) -> str:
    found = _placeholders(source)
    return str(wanted.this or 1 + next(i for i, p in enumerate(found) if p is wanted))
