"""VARIANTs compared with each other and with other types: DuckDB would compare their JSON as text.

Equal numbers are equal in Snowflake, whatever their digits: 1, 1.0 and 1e0.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import refusals
from snowflake_stand_in.translation import mixed_types, time_texts, time_values

_EQUALITIES = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.EqualNull)
_COMPARISONS = (*_EQUALITIES, exp.GT, exp.GTE, exp.LT, exp.LTE)
_NO_OPERANDS = (exp.Literal, exp.Null, exp.Query, exp.Any, exp.All)
_CALLS = ("_FS_CALL", "TO_JSON", "JSON_ARRAY", "JSON_OBJECT")


def names(cursor: Cursor, statement: exp.Expr) -> frozenset[str]:
    """Return the names of columns that may be VARIANTs: those of tables, and of the statement."""

    def ask() -> frozenset[str]:
        sql = "select distinct column_name from duckdb_columns() where data_type = 'JSON'"
        return frozenset(name for (name,) in cursor.rows(sql))

    temporary = cursor.session.temporary
    stored = ask() if temporary else cursor.session.account.descriptions.of(("JSON",), ask)
    own = (alias.alias for alias in statement.find_all(exp.Alias) if _is_variant(alias.this))
    return stored.union(own)


def _is_variant(node: exp.Expr) -> bool:
    """Whether a value is a VARIANT by its form."""
    node = node.unnest()
    return (
        isinstance(node, exp.JSONExtract | exp.ToVariant | exp.ArrayAgg | exp.StarMap)
        or (isinstance(node, exp.Anonymous) and node.name.upper() in _CALLS)
        or (isinstance(node, exp.Cast) and node.to.this == exp.DType.JSON)
    )


def applies(node: exp.Expr, variants: frozenset[str]) -> bool:
    """Whether a node compares what may be a VARIANT with what is no constant."""
    if isinstance(node, exp.In):
        plain = node.expressions and all(isinstance(e, exp.Literal) for e in node.expressions)
        return not plain and _may_be_variant(node.this.unnest(), variants)
    if not isinstance(node, _COMPARISONS) or _is_assignment(node):
        return False
    sides = (node.this.unnest(), node.expression.unnest())
    if any(
        isinstance(side, exp.Literal | exp.Null | exp.Query | exp.Any | exp.All) for side in sides
    ):
        return False
    return any(_may_be_variant(side, variants) for side in sides)


def _may_be_variant(node: exp.Expr, variants: frozenset[str]) -> bool:
    return _is_variant(node) or (isinstance(node, exp.Column) and node.name in variants)


def operands(node: exp.Expr) -> list[exp.Expr]:
    """Return the operands whose types decide."""
    return [node.this] if isinstance(node, exp.In) else [node.this, node.expression]


def _is_assignment(node: exp.Expr) -> bool:
    return isinstance(node.parent, exp.Update) and node.arg_key == "expressions"


def compare(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    """Compare by value, in place."""
    if isinstance(node, exp.In):
        if kinds == ["JSON"]:
            raise refusals.refused("variant in")
        return
    sides = (node.this, node.expression)
    if kinds == ["JSON", "JSON"]:
        if not isinstance(node, _EQUALITIES):
            raise refusals.refused("variant order")
        for side in sides:
            side.replace(exp.Anonymous(this="_FS_VARIANT_KEY", expressions=[side.copy()]))
        return
    for side, kind, other in zip(sides, kinds, reversed(kinds), strict=True):
        if kind == "JSON":
            side.replace(_as(side.copy(), other, settings))
        elif kind == "VARCHAR" and time_values.kind_of(other) in time_values.ALL:
            side.replace(time_texts.read(side.copy(), time_values.kind_of(other), settings))


def _as(value: exp.Expr, kind: str, settings: Mapping[str, str]) -> exp.Expr:
    """Convert a VARIANT to the type that it is compared with."""
    of_time = time_values.kind_of(kind)
    if of_time in time_values.ALL:
        return time_texts.assigned(value, "JSON", of_time, settings)
    if kind == "VARCHAR":
        return exp.Anonymous(this="_FS_COMPARABLE", expressions=[value])
    if mixed_types.is_number(kind):
        text = exp.Anonymous(this="_FS_VARIANT_TEXT", expressions=[value])
        return exp.cast(text, "double" if kind in ("DOUBLE", "FLOAT") else "decimal(38, 12)")
    return value
