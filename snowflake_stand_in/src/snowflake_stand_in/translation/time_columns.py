"""TIMESTAMP_TZs where values are compared: DuckDB would compare their offsets too."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import refusals
from snowflake_stand_in.sql.time_macros import TZ_TYPE
from snowflake_stand_in.translation import time_texts, time_values
from snowflake_stand_in.translation.time_values import LTZ, TZ, Value

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def has_offsets(cursor: Cursor, statement: exp.Expr) -> bool:
    """Whether a TIMESTAMP_TZ may be in a statement: only then is it looked for among keys."""
    for node in statement.find_all(exp.Anonymous, exp.Placeholder):
        if node.meta_get("duckdb") == TZ_TYPE:
            return True
        options = node.meta_get("time")
        if options is not None and (options.get("target") == TZ or "ZONE" in node.name):
            return True
    if statement.find(exp.Table) is None:
        return False

    def ask() -> list[tuple[object, ...]]:
        sql = "select 1 from duckdb_columns() where data_type = ? limit 1"
        return cursor.rows(sql, [TZ_TYPE])

    if cursor.session.temporary:
        return bool(ask())
    return bool(cursor.session.account.descriptions.of(("TIMESTAMP_TZ",), ask))


def keys(node: exp.Expr) -> list[exp.Expr]:
    """Return what a comparison, GROUP BY or DISTINCT compares."""
    match node:
        case exp.In():
            return [node.this]
        case exp.Distinct() if isinstance(node.parent, exp.Select) and not node.expressions:
            return [e.unalias() for e in node.parent.expressions if not e.is_star]
        case exp.Window():
            return list(node.args.get("partition_by") or [])
        case exp.Group() | exp.Distinct():
            return [e for e in node.expressions if not isinstance(e, exp.Literal)]
        case _ if isinstance(node, _COMPARISONS):
            sides = (node.this, node.expression)
            return [s for s in sides if not isinstance(s, exp.Literal | exp.Query | exp.Subquery)]
    return []


def compare(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    """Compare TIMESTAMP_TZs as times in UTC, in place; refuse them as keys."""
    if not isinstance(node, _COMPARISONS):
        raise refusals.refused("offset key")
    for side, kind in zip(keys(node), kinds, strict=True):
        if kind == TZ_TYPE:
            side.replace(time_values.instant(Value(side.copy(), TZ, kind)))
    for side in (node.this, node.expression):
        if isinstance(side, exp.Literal) and side.is_string:
            side.replace(time_texts.read(side.copy(), LTZ, settings))
