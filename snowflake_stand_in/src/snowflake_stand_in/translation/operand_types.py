"""The types of operands, which DuckDB tells of a query that has them as its columns."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.translation import times

# What the functions of ours in Python give
_CALLS = {"_FS_CALL": "JSON", "_FS_TEXT_CALL": "VARCHAR"}
_SCOPES = (exp.Select, exp.Update, exp.Delete)
_NOT_ASKED = ("order", "limit", "offset", "qualify", "distinct", "having", "sample", "into")
_TEXT_FUNCTIONS = (exp.Substring, exp.Left, exp.Right, exp.SplitPart, exp.MD5, exp.SHA2)
_AGGREGATES = ("SUM", "AVG", "MAX", "MIN", "COUNT", "LISTAGG", "STRING_AGG", "_FS_MEDIAN")


def kinds_of(cursor: Cursor, operands: list[exp.Expr]) -> dict[int, str]:
    """Return DuckDB's types of expressions of one scope, by their ids."""
    found = {id(o): kind for o in operands if (kind := own_type(o)) is not None}
    unknown = [o for o in operands if id(o) not in found]
    if not unknown:
        return found
    scope = scope_of(unknown[0])
    alike: dict[exp.Expr, exp.Expr] = {}
    for operand in unknown:
        alike.setdefault(operand, operand)
    kept_apart: dict[str, list[exp.Expr]] = {}
    for operand in alike.values():
        kept_apart.setdefault(_computed_of(scope, operand), []).append(operand)
    told: dict[int, str] = {}
    for what, together in kept_apart.items():
        told |= _asked(cursor, scope, together, whole=what == "query")
    known = {id(o): told.get(id(alike[o])) for o in unknown}
    return found | {place: kind for place, kind in known.items() if kind is not None}


def _asked(
    cursor: Cursor, scope: exp.Expr | None, asked: list[exp.Expr], *, whole: bool
) -> dict[int, str]:
    for outer in (False, True):
        query = _question(scope, asked, outer=outer, whole=whole)
        if query is None:
            return {}
        try:
            described = relations.described(cursor, query)
        except duckdb.Error:
            continue
        kinds = [row[1] for row in described][-len(asked) :]
        return {id(o): kind.strip('"') for o, kind in zip(asked, kinds, strict=True)}
    return {}


def _computed_of(scope: exp.Expr | None, operand: exp.Expr) -> str:
    """Say of what an operand is computed; only with its like can it be asked about."""
    if not isinstance(scope, exp.Select):
        return "query"
    aliases = {e.alias for e in scope.expressions}
    if any(not c.table and c.name in aliases for c in operand.find_all(exp.Column)):
        return "query"
    if operand.find(exp.Star) and operand.find(exp.Count) is None:
        return "query"
    if operand.find(exp.Window):
        return "query" if scope.args.get("group") else "windows"
    return "groups" if _aggregates(operand) else "rows"


def own_type(node: exp.Expr) -> str | None:
    """Return the type of a constant or cast without asking."""
    node = node.unnest()
    if (noted := node.meta_get("duckdb")) is not None:
        return str(noted)
    if isinstance(node, exp.Null):
        return "NULL"
    if isinstance(node, exp.Anonymous) and node.name in _CALLS:
        return _CALLS[node.name]
    if is_text(node) or isinstance(node, _TEXT_FUNCTIONS):
        return "VARCHAR"
    if isinstance(node, exp.Literal) and not node.is_string:
        return None if "e" in node.name.lower() else _literal_type(node.name)
    if isinstance(node, exp.Cast):
        return {
            exp.DType.DATE: "DATE",
            exp.DType.DOUBLE: "DOUBLE",
            exp.DType.BIGINT: "BIGINT",
            exp.DType.JSON: "JSON",
        }.get(node.to.this)
    return None


def _literal_type(digits: str) -> str:
    _, _, fraction = digits.partition(".")
    return f"DECIMAL(38,{len(fraction)})" if fraction else "INTEGER"


def scope_of(node: exp.Expr) -> exp.Expr | None:
    """Return the query in which a node's columns are found."""
    parent = node.parent
    # The UPDATE of a MERGE's WHEN is the MERGE's
    while parent is not None and (
        not isinstance(parent, (*_SCOPES, exp.Merge)) or isinstance(parent.parent, exp.When)
    ):
        parent = parent.parent
    return parent


def _of_sources(scope: exp.Select) -> exp.Select:
    """Return a query of what a query reads alone: cheaper to describe, and without groups."""
    query = exp.Select()
    for part in ("with_", "from_", "joins", "laterals"):
        found = scope.args.get(part)
        copied = [node.copy() for node in found] if isinstance(found, list) else found
        query.set(part, copied.copy() if isinstance(copied, exp.Expr) else copied)
    for join in query.args.get("joins") or []:
        if join.args.get("on") is not None and not join.args.get("method"):
            for part in ("on", "side", "kind"):
                join.set(part, None)
            join.set("kind", "CROSS")
    return query


def _question(
    scope: exp.Expr | None, asked: list[exp.Expr], *, outer: bool, whole: bool
) -> exp.Expr | None:
    """Make a query whose last columns are the operands asked about."""
    if isinstance(scope, exp.Select) and not whole:
        columns = [exp.alias_(o.copy(), f"_fs_{i}", quoted=True) for i, o in enumerate(asked)]
        query = _of_sources(scope)
        query.set("expressions", columns)
    elif isinstance(scope, exp.Select):
        grouped = bool(scope.args.get("group")) or any(map(_aggregates, scope.expressions))
        columns = [
            exp.alias_(
                exp.AnyValue(this=o.copy()) if grouped and _ungrouped(o, scope) else o.copy(),
                f"_fs_{i}",
                quoted=True,
            )
            for i, o in enumerate(asked)
        ]
        query = scope.copy()
        for part in _NOT_ASKED:
            query.set(part, None)
        query.set("expressions", [*query.expressions, *columns])
    else:
        columns = [exp.alias_(o.copy(), f"_fs_{i}", quoted=True) for i, o in enumerate(asked)]
        query = exp.select(*columns)
        match scope:
            case exp.Update() | exp.Delete():
                query = query.from_(scope.this.copy())
                others = scope.args.get("from_")
                for table in [others.this] if others else scope.args.get("using") or []:
                    query = query.join(table.copy(), join_type="cross")
            case exp.Merge() if all(map(_is_inserted, asked)):
                query = query.from_(scope.args["using"].copy())
            case exp.Merge():
                query = query.from_(scope.this.copy())
                query = query.join(scope.args["using"].copy(), join_type="cross")
            case None if outer:
                return None
    if outer:
        above = scope_of(scope) if scope is not None else None
        if not isinstance(above, exp.Select) or above.args.get("from_") is None:
            return None
        tables = [above.args["from_"].this, *(j.this for j in above.args.get("joins") or [])]
        for table in tables:
            if query.args.get("from_") is None:
                query = query.from_(table.copy())
            else:
                query = query.join(table.copy(), join_type="cross")
    ctes = visible_ctes(scope)
    if ctes:
        own = query.args.get("with_")
        query.set("with_", exp.With(expressions=ctes + (own.expressions if own else [])))
    for placeholder in list(query.find_all(exp.Placeholder)):
        placeholder.replace(exp.null())
    for unknown in [node for node in query.walk() if times.is_call(node)]:
        unknown.replace(exp.null())
    return query


def _is_inserted(node: exp.Expr) -> bool:
    """Whether a MERGE's INSERT writes a value: it sees the source alone."""
    when = node.find_ancestor(exp.When)
    return when is not None and isinstance(when.args["then"], exp.Insert)


def visible_ctes(scope: exp.Expr | None) -> list[exp.Expr]:
    """Return copies of the CTEs that a query sees, outermost first; a recursive one's anchor."""
    found: list[exp.Expr] = []
    inside, parent = scope, scope.parent if scope is not None else None
    while parent is not None:
        if isinstance(parent, exp.With):
            earlier = []
            for cte in parent.expressions:
                if cte is inside:
                    if isinstance(cte.this, exp.SetOperation) and parent.args.get("recursive"):
                        anchor = cte.copy()
                        anchor.set("this", cte.this.this.copy())
                        earlier.append(anchor)
                    break
                earlier.append(cte.copy())
            found = earlier + found
        elif (with_ := parent.args.get("with_")) is not None and with_ is not inside:
            found = [cte.copy() for cte in with_.expressions] + found
        inside, parent = parent, parent.parent
    return found


def _aggregates(node: exp.Expr) -> bool:
    return any(_is_aggregate(n) for n in node.find_all(exp.AggFunc, exp.Anonymous))


def _is_aggregate(node: exp.Expr) -> bool:
    aggregate = isinstance(node, exp.AggFunc) or (
        isinstance(node, exp.Anonymous) and node.name.upper() in _AGGREGATES
    )
    return aggregate and not isinstance(outermost(node), exp.Window)


_AGGREGATED = (exp.WithinGroup, exp.Where, exp.From, exp.Join)


def _ungrouped(node: exp.Expr, scope: exp.Expr) -> bool:
    """Whether an operand is a part of an aggregate's argument, or of WHERE or FROM."""
    if _aggregates(node):
        return False
    parent = node.parent
    while parent is not None and parent is not scope:
        if _is_aggregate(parent) or isinstance(parent, _AGGREGATED):
            return True
        parent = parent.parent
    return False


def outermost(node: exp.Expr) -> exp.Expr:
    """Return an aggregate with its FILTER, WITHIN GROUP and OVER."""
    while isinstance(node.parent, exp.Window | exp.Filter | exp.WithinGroup):
        if node.arg_key != "this":
            break
        node = node.parent
    return node


def is_text(node: exp.Expr) -> bool:
    """Whether a value is a text by its form."""
    node = node.unnest()
    return (
        (isinstance(node, exp.Literal) and node.is_string)
        or (isinstance(node, exp.Cast) and node.is_type("text", "varchar"))
        or isinstance(node, exp.JSONExtractScalar | exp.DPipe | exp.Lower | exp.Upper | exp.Null)
    )
