"""Aggregates that count otherwise than DuckDB's."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.translation.semi_structured import columns_of


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what an aggregate is in DuckDB, None for anything else."""
    match node:
        case exp.Count() if node.expressions:
            return _count(node, [node.this, *node.expressions])
        case exp.Count(this=exp.Distinct() as distinct) if len(distinct.expressions) > 1:
            return _count(node, distinct.expressions)
        case exp.Count() if _star(node.this) is not None:
            return _count_complete(node)
        case exp.GroupConcat() if node.args.get("separator") is None:
            node.set("separator", exp.Literal.string(""))
        case exp.RegrCount():
            return exp.cast(node.copy(), "bigint")
        case exp.ArrayUniqueAgg():
            return exp.ArrayAgg(this=exp.Distinct(expressions=[node.this.copy()]))
        case exp.ArgMax() | exp.ArgMin() if node.args.get("count") is not None:
            return exp.Anonymous(this="TO_JSON", expressions=[node.copy()])
    return None


def _count(node: exp.Count, values: list[exp.Expr]) -> exp.Expr:
    """COUNT of several expressions counts the rows in which none is NULL."""
    known = exp.and_(*(exp.Not(this=exp.Is(this=v.copy(), expression=exp.null())) for v in values))
    distinct = isinstance(node.this, exp.Distinct)
    found: exp.Expr = exp.Literal.number(1)
    if distinct:
        found = exp.Anonymous(this="ROW", expressions=[v.copy() for v in values])
    counted: exp.Expr = exp.Case(ifs=[exp.If(this=known, true=found)])
    return exp.Count(
        this=exp.Distinct(expressions=[counted]) if distinct else counted, big_int=True
    )


def _star(node: exp.Expr) -> exp.Star | None:
    """Return a star that stands for columns, not for rows."""
    star = node.this if isinstance(node, exp.Column) else node
    if not isinstance(star, exp.Star):
        return None
    return star if star is not node or any(star.args.values()) else None


def _count_complete(node: exp.Count) -> exp.Expr:
    """COUNT of a table's columns counts the rows in which none is NULL."""
    row = exp.Anonymous(this="STRUCT_PACK", expressions=[columns_of(node.this)])
    complete = exp.Anonymous(this="_FS_COMPLETE", expressions=[row])
    counted = exp.Case(ifs=[exp.If(this=complete, true=exp.Literal.number(1))])
    return exp.Count(this=counted, big_int=True)
