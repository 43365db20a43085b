"""UNION and its like of columns of several types: Snowflake converts texts, DuckDB the others."""

from __future__ import annotations

from itertools import zip_longest

import duckdb
from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import refusals
from snowflake_stand_in.translation import mixed_types, operand_types, time_texts, time_values


def unite(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Convert constants of texts beside dates and numbers, in place; refuse columns of texts."""
    for operation in statement.find_all(exp.SetOperation):
        if not isinstance(operation.parent, exp.SetOperation) and not operation.args.get("by_name"):
            _unite(cursor, operation)
    return statement


def _unite(cursor: Cursor, operation: exp.SetOperation) -> None:
    queries = list(_queries(operation))
    described = [_kinds(cursor, query) for query in queries]
    if None in described:
        return
    for place, kinds in enumerate(zip_longest(*(kinds or [] for kinds in described), fillvalue="")):
        others = [kind for kind in kinds if kind not in ("VARCHAR", "NULL", '"NULL"')]
        if "VARCHAR" not in kinds or not others:
            continue
        for query, kind in zip(queries, kinds, strict=True):
            if kind == "VARCHAR":
                _convert(cursor, query, place, others)


def _queries(node: exp.Expr) -> list[exp.Select]:
    """Return the queries that a set operation is of."""
    node = node.unnest()
    if isinstance(node, exp.SetOperation):
        return [*_queries(node.this), *_queries(node.expression)]
    return [node] if isinstance(node, exp.Select) else []


def _kinds(cursor: Cursor, query: exp.Select) -> list[str] | None:
    """Return the types of a query's columns, None where DuckDB can't tell it alone."""
    known = [operand_types.own_type(e.unalias()) for e in query.expressions]
    if all(known):
        return [str(kind) for kind in known]
    asked = query.copy()
    if ctes := operand_types.visible_ctes(query):
        own = asked.args.get("with_")
        asked.set("with_", exp.With(expressions=ctes + (own.expressions if own else [])))
    for placeholder in list(asked.find_all(exp.Placeholder)):
        placeholder.replace(exp.null())
    try:
        return [row[1] for row in relations.described(cursor, asked)]
    except duckdb.Error:
        return None


def _convert(cursor: Cursor, query: exp.Select, place: int, others: list[str]) -> None:
    projections = query.expressions
    value = projections[place].unalias() if place < len(projections) else None
    times = [kind for kind in map(time_values.kind_of, others) if kind in time_values.ALL]
    if not (isinstance(value, exp.Literal) and value.is_string):
        raise refusals.refused("variant and text" if "JSON" in others else "text and number")
    if times:
        value.replace(time_texts.read(value.copy(), times[0], cursor.session.settings))
    elif any(map(mixed_types.is_number, others)):
        mixed_types.read_numbers([value], others)
    else:
        raise refusals.refused("variant and text" if "JSON" in others else "text and number")
