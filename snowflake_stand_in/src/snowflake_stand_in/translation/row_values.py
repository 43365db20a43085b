"""Comparisons of rows, `(a, b) = (c, d)`: DuckDB takes NULLs in them as equal."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.sql import refusals


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return a comparison of rows as comparisons of values, None for anything else."""
    match node:
        case exp.EQ(this=exp.Tuple() as left, expression=exp.Tuple() as right):
            return exp.paren(_equal(left, right))
        case exp.NEQ(this=exp.Tuple() as left, expression=exp.Tuple() as right):
            return exp.Not(this=exp.paren(_equal(left, right)))
        case exp.In(this=exp.Tuple() as left) if node.expressions:
            rows = [e for e in node.expressions if isinstance(e, exp.Tuple)]
            return exp.paren(exp.or_(*(_equal(left, row) for row in rows)))
        case exp.NEQ(this=exp.Tuple() as left, expression=exp.All(this=exp.Query() as query)):
            return exp.Not(this=_in_query(left, query))
        case exp.In(this=exp.Tuple() as left) if node.args.get("query") is not None:
            return _in_query(left, node.args["query"].unnest())
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE() if isinstance(node.this, exp.Tuple):
            raise refusals.refused("row order")
    return None


def _equal(left: exp.Tuple, right: exp.Tuple) -> exp.Expr:
    pairs = zip(left.expressions, right.expressions, strict=True)
    return exp.and_(*(exp.EQ(this=a.copy(), expression=b.copy()) for a, b in pairs))


def _in_query(left: exp.Tuple, query: exp.Expr) -> exp.Expr:
    """Whether a query has a row: unknown, if it has none but one that may be it."""
    names = [exp.to_identifier(f"_FS_{n}", quoted=True) for n in range(len(left.expressions))]
    same = exp.and_(
        *(
            exp.EQ(this=value.copy(), expression=exp.column(name.copy(), table="_FS_ROWS"))
            for value, name in zip(left.expressions, names, strict=True)
        )
    )
    source = exp.Subquery(
        this=query.copy(),
        alias=exp.TableAlias(this=exp.to_identifier("_FS_ROWS", quoted=True), columns=names),
    )
    found = exp.select(exp.Anonymous(this="_FS_ANY", expressions=[same])).from_(source)
    return exp.Subquery(this=found)
