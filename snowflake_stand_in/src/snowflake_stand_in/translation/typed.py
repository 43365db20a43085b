"""Rewrites whose form depends on the types of the operands, which DuckDB tells.

Snowflake divides NUMBERs to a NUMBER of six more digits, adds days to a DATE and gets a DATE, and
writes a timestamp's milliseconds; DuckDB does otherwise, and only the types say where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import duckdb
from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import refusals
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.time_macros import TZ_TYPE
from snowflake_stand_in.translation import (
    conversions,
    time_columns,
    time_texts,
    time_values,
    times,
)

_BOUNDS = ("low", "high")
_INTO_VARIANTS = ("JSON_ARRAY",)
# What the functions of ours in Python give
_CALLS = {"_FS_CALL": "JSON", "_FS_TEXT_CALL": "VARCHAR"}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In)
_ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_FIRST = {"with_": 0, "from_": 1, "joins": 2, "laterals": 3}
_SCOPES = (exp.Select, exp.Update, exp.Delete)
_NOT_ASKED = ("order", "limit", "offset", "qualify", "distinct", "having", "sample", "into")
_TEXT_FUNCTIONS = (exp.Substring, exp.Left, exp.Right, exp.SplitPart, exp.MD5, exp.SHA2)
_DIGITS = 38
_HUGE = exp.DataType.build("hugeint", dialect="duckdb")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "NULL")
_AGGREGATES = ("SUM", "AVG", "MAX", "MIN", "COUNT", "LISTAGG", "STRING_AGG", "_FS_MEDIAN")


def rewrite_typed(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Rewrite, in place, what depends on types; return the statement."""
    holder = exp.Tuple(expressions=[statement])
    waiting: list[exp.Expr] = []
    offsets = time_columns.has_offsets(cursor, statement)
    for node in list(_inside_out(statement)):
        if offsets and _key_of_offsets(node):
            node.meta["offsets"] = True
        if not _operands(node):
            continue
        if waiting and not _independent(waiting, node):
            _rewrite_all(cursor, waiting)
            waiting = []
        waiting.append(node)
    _rewrite_all(cursor, waiting)
    resolved: exp.Expr = holder.expressions[0]
    return resolved.pop()


def _operands(node: exp.Expr) -> list[exp.Expr]:
    """Return the operands whose types decide; none where nothing depends on types."""
    match node:
        case _ if times.is_call(node):
            return times.operands(node)
        case exp.EQ() if isinstance(node.parent, exp.Update) and node.arg_key == "expressions":
            return []
        case _ if "offsets" in node.meta:
            return time_columns.keys(node)
        case exp.Div():
            return [node.this, node.expression]
        case exp.Anonymous() if node.name.upper() in _INTO_VARIANTS:
            return [e for e in node.expressions if _may_be_time(e)]
        case exp.ArrayAgg():
            return [node.this] if _may_be_time(node.this) else []
        case exp.Anonymous() if node.name in ("AVG", "_FS_MEDIAN"):
            return [_argument(node.expressions[0])]
        case exp.Anonymous() if node.name == "TO_JSON":
            return node.expressions[:1]
        case exp.Count() if not isinstance(node.this, exp.Star):
            counted = _argument(node.this)
            return [] if isinstance(counted, exp.Literal | exp.Case) else [counted]
        case exp.PercentileCont():
            order = node.find_ancestor(exp.WithinGroup)
            return [order.expression.expressions[0].this] if order is not None else []
        case exp.Cast() if time_values.cast_target(node) is not None:
            return [node.this]
        case exp.Concat() | exp.ConcatWs():
            return [value for value in node.expressions if not _is_text(value)]
        case exp.Between():
            return [node.this] if not _is_text(node.this) else []
        case exp.Cast() if node.is_type("text", "varchar") and not _is_text(node.this):
            return [node.this]
        case exp.TryCast() if conversions.wants_text(node):
            return [node.this]
        case exp.JSONExtract() | exp.JSONExtractScalar() if isinstance(node.this, exp.Column):
            return [node.this]
        case exp.Cast() if conversions.is_converted(node):
            return [node.this]
        case exp.DPipe():
            return [side for side in (node.this, node.expression) if not _is_text(side)]
        case exp.Floor() | exp.Ceil() if node.args.get("decimals") is not None:
            return [node.this]
        case exp.Max() | exp.Min() if not node.expressions:
            return [node.this]
        case exp.Ordered() if not isinstance(node.this, exp.Literal):
            return [node.this]
        case _ if conversions.takes_text(node):
            return _texts(node)
        case _ if _compares_times(node):
            return [node.this, node.expression]
        case _ if isinstance(node, _ORDERED) and node.find(exp.JSONExtract) is not None:
            return _compared(node) or [node.this, node.expression]
        case _ if isinstance(node, _COMPARISONS):
            return _compared(node)
    return []


def _rewrite(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    match node:
        case _ if times.is_call(node):
            times.rewrite(node, kinds)
        case _ if "offsets" in node.meta:
            _compare_keys(node, kinds, settings)
        case _ if conversions.takes_text(node):
            for value, kind in zip(_texts(node), kinds, strict=True):
                if kind == "JSON":
                    value.replace(_text(value, kind, settings))
        case exp.Div():
            _divide(node, kinds)
        case exp.Anonymous() if node.name.upper() in _INTO_VARIANTS:
            asked = [e for e in node.expressions if _may_be_time(e)]
            _write_times(asked, kinds, settings)
        case exp.ArrayAgg():
            _write_times([node.this], kinds, settings)
        case exp.Anonymous() if node.name == "AVG":
            _average(node, kinds[0])
        case exp.Anonymous() if node.name == "TO_JSON":
            conversions.make_variant(node, kinds[0], lambda v, kind: _text(v, kind, settings))
        case exp.Count():
            if kinds[0] == "JSON":
                _wrap(_argument(node.this), _without_null)
        case exp.Anonymous():
            _exact(node, kinds[0], 3)
        case exp.PercentileCont():
            group = node.find_ancestor(exp.WithinGroup)
            assert group is not None
            _exact(group, kinds[0], 3)
        case exp.JSONExtract() | exp.JSONExtractScalar():
            if kinds[0] in conversions.PLAIN:
                said = f"Invalid argument types for function 'GET': ({kinds[0]}, VARCHAR)"
                raise compilation(1044, said, "42P13")
        case exp.TryCast() if conversions.wants_text(node) and kinds[0] not in ("VARCHAR", "NULL"):
            raise compilation(
                1065,
                f"Function TRY_CAST cannot be used with arguments of types {kinds[0]} and "
                f"{node.to.sql(dialect='snowflake')}",
                "22023",
            )
        case exp.Cast() if (target := time_values.cast_target(node)) is not None:
            node.replace(time_texts.assigned(node.this, kinds[0], target, settings))
        case exp.Cast() if node.to.this in conversions.CONVERTED:
            conversions.convert(node, kinds[0])
        case exp.Cast():
            text = _text(node.this, kinds[0], settings)
            if text is not node.this:
                node.replace(text)
        case exp.DPipe() | exp.Concat() | exp.ConcatWs():
            sides = [side for side in _joined(node) if not _is_text(side)]
            for side, kind in zip(sides, kinds, strict=True):
                text = _text(side, kind, settings)
                if text is not side:
                    side.replace(text)
        case exp.Floor() | exp.Ceil():
            if (scale := _scale(kinds[0])) is not None:
                decimals = node.args["decimals"]
                kept = min(scale, int(decimals.name)) if decimals.is_int else scale
                _wrap(node, lambda n: exp.cast(n, f"decimal({_DIGITS}, {max(kept, 0)})"))
        case exp.Max() | exp.Min() | exp.Ordered():
            if kinds[0] == "JSON":
                raise refusals.refused("variant order")
        case _ if len(kinds) == 2:
            if kinds == ["JSON", "JSON"] and isinstance(node, _ORDERED):
                raise refusals.refused("variant order")
            _read_compared(node, kinds, settings)
        case _:
            _compare(node, kinds, settings)


def _compare_keys(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    if TZ_TYPE in kinds:
        time_columns.compare(node, kinds, settings)
    elif isinstance(node, _ORDERED) and kinds == ["JSON", "JSON"]:
        raise refusals.refused("variant order")
    elif _compared(node):
        _compare(node, kinds, settings)
    elif isinstance(node, _COMPARISONS) and len(kinds) == 2:
        _read_compared(node, kinds, settings)


def _may_be_time(node: exp.Expr) -> bool:
    node = node.unnest()
    return isinstance(node, exp.Column) or _is_timed(node)


def _is_timed(node: exp.Expr) -> bool:
    """Whether a node looks like a date or time by itself."""
    node = node.unnest()
    if times.is_call(node) or time_values.cast_target(node) is not None:
        return True
    return time_values.kind_of(str(node.meta.get("duckdb"))) in time_values.ALL


def _compares_times(node: exp.Expr) -> bool:
    if not isinstance(node, _COMPARISONS) or isinstance(node, exp.In):
        return False
    sides = (node.this, node.expression)
    bound = any(isinstance(s, exp.Placeholder) and "duckdb" in s.meta for s in sides)
    timed = bound or any(map(_is_timed, sides))
    return timed and not any(isinstance(s, exp.Literal) for s in sides)


def _write_times(nodes: list[exp.Expr], kinds: list[str], settings: Mapping[str, str]) -> None:
    """Write dates and times that a VARIANT is made of, as it shows them."""
    for node, kind in zip(nodes, kinds, strict=True):
        if time_values.kind_of(kind) in time_values.ALL:
            node.replace(_text(node, kind, settings))


def _read_compared(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    """Read a text that is compared with a date or time, in place."""
    of_time = [kind for kind in map(time_values.kind_of, kinds) if kind in time_values.ALL]
    for side, kind in zip((node.this, node.expression), kinds, strict=True):
        if of_time and kind == "VARCHAR":
            side.replace(time_texts.read(side.copy(), of_time[0], settings))


def _joined(node: exp.Expr) -> list[exp.Expr]:
    return [node.this, node.expression] if isinstance(node, exp.DPipe) else node.expressions


def _key_of_offsets(node: exp.Expr) -> bool:
    return isinstance(node, (*_COMPARISONS, exp.Group, exp.Distinct, exp.Window)) and bool(
        time_columns.keys(node)
    )


def _divide(node: exp.Div, kinds: list[str]) -> None:
    scales = [_scale(kind) for kind in kinds]
    if scales[0] is None or scales[1] is None:
        guarded = exp.Anonymous(this="_FS_NONZERO", expressions=[node.expression.copy()])
        literal = node.expression.unnest()
        if not (isinstance(literal, exp.Literal) and float(literal.name) != 0):
            node.set("expression", guarded)
        return
    node.replace(_quotient(node.this.copy(), scales[0], node.expression.copy(), scales[1]))


def _quotient(n: exp.Expr, n_scale: int, d: exp.Expr, d_scale: int) -> exp.Expr:
    """Divide NUMBERs exactly, rounding half away from zero, as Snowflake."""
    scale = max(n_scale, min(n_scale + 6, 12))
    whole = exp.Anonymous(
        this="_FS_QUOTIENT",
        expressions=[_whole(n, n_scale, scale + d_scale), _whole(d, d_scale, d_scale)],
    )
    unit = exp.cast(exp.Literal.string(f"1e-{scale}"), f"decimal({scale + 1}, {scale})")
    return exp.paren(
        exp.Mul(this=exp.cast(whole, f"decimal({_DIGITS - scale - 1}, 0)"), expression=unit)
    )


def _whole(value: exp.Expr, scale: int, wanted: int) -> exp.Expr:
    """Return `value` times ten to the power of `wanted`, as a whole number."""
    if scale:
        # DuckDB multiplies decimals exactly only within 38 digits
        narrow = exp.cast(exp.paren(value), f"decimal({_DIGITS - 1 - scale}, {scale})")
        value = exp.Mul(this=narrow, expression=_power(scale, f"decimal({scale + 1}, 0)"))
    whole = exp.cast(exp.paren(value), _HUGE)
    return exp.Mul(this=whole, expression=_power(wanted - scale, _HUGE))


def _power(exponent: int, kind: str | exp.DataType) -> exp.Expr:
    return exp.cast(exp.Literal.string(str(10**exponent)), kind)


def _average(node: exp.Anonymous, kind: str) -> None:
    """Make AVG of a NUMBER its exact sum divided by its count."""
    if (scale := _scale(kind)) is None:
        return
    whole = outermost(node)
    sides = []
    for name in ("SUM", "COUNT"):
        node.set("this", name)
        sides.append(whole.copy())
    none = exp.Anonymous(this="NULLIF", expressions=[sides[1], exp.Literal.number(0)])
    whole.replace(_quotient(sides[0], scale, none, 0))


def _exact(node: exp.Expr, kind: str, digits: int) -> None:
    if (scale := _scale(kind)) is not None:
        _wrap(outermost(node), lambda n: exp.cast(n, f"decimal({_DIGITS}, {scale + digits})"))


def outermost(node: exp.Expr) -> exp.Expr:
    """Return an aggregate with its FILTER, WITHIN GROUP and OVER."""
    while isinstance(node.parent, exp.Window | exp.Filter | exp.WithinGroup):
        if node.arg_key != "this":
            break
        node = node.parent
    return node


def _text(node: exp.Expr, kind: str, settings: Mapping[str, str]) -> exp.Expr:
    """Write a value of a DuckDB type as Snowflake does; the node itself where both agree."""
    value = node.copy()
    if (of_time := time_values.kind_of(kind)) in time_values.ALL:
        return time_texts.written_plainly(time_values.Value(value, of_time, kind), settings)
    if kind == "JSON":
        return exp.Anonymous(this="_FS_VARIANT_TEXT", expressions=[value])
    if kind in ("DOUBLE", "FLOAT"):
        return exp.Anonymous(this="_FS_FLOAT_TEXT", expressions=[value])
    if kind == "BLOB":
        return exp.Anonymous(this="HEX", expressions=[value])
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return exp.cast(exp.Anonymous(this="TO_JSON", expressions=[value]), "text")
    return node


def _compared(node: exp.Expr) -> list[exp.Expr]:
    """Return what is compared with literals, which may be a VARIANT."""
    if isinstance(node, exp.In):
        literals = node.expressions
        plain = bool(literals) and all(isinstance(e, exp.Literal) for e in literals)
        return [node.this] if plain and not _is_text(node.this) else []
    sides = [node.this, node.expression]
    if sum(isinstance(side, exp.Literal) for side in sides) != 1:
        return []
    return [s for s in sides if not isinstance(s, exp.Literal) and not _is_text(s)]


def _compare(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    if (of_time := time_values.kind_of(kinds[0])) in time_values.ALL:
        for side in [node.this, *node.expressions, *map(node.args.get, ("expression", *_BOUNDS))]:
            if isinstance(side, exp.Literal) and side.is_string:
                side.replace(time_texts.read(side.copy(), of_time, settings))
    if kinds[0] != "JSON" or isinstance(node, exp.Between):
        return
    sides = node.expressions if isinstance(node, exp.In) else [node.this, node.expression]
    literals = [side for side in sides if isinstance(side, exp.Literal)]
    (value,) = _compared(node)
    text = all(literal.is_string for literal in literals)
    if not text and any(literal.is_string for literal in literals):
        return
    extracted = _text(value, "JSON", settings)
    if text:
        value.replace(exp.Anonymous(this="_FS_COMPARABLE", expressions=[value.copy()]))
    else:
        value.replace(exp.cast(extracted, "decimal(38, 12)"))


def _texts(node: exp.Expr) -> list[exp.Expr]:
    return [value for value in conversions.texts(node) if not _is_text(value)]


def _wrap(node: exp.Expr, made: Callable[[exp.Expr], exp.Expr]) -> None:
    node.replace(made(node.copy()))


def _without_null(value: exp.Expr) -> exp.Expr:
    """Make JSON's null NULL."""
    return exp.Anonymous(this="NULLIF", expressions=[value, exp.Literal.string("null")])


def _argument(node: exp.Expr) -> exp.Expr:
    return node.expressions[0] if isinstance(node, exp.Distinct) else node


def _is_text(node: exp.Expr) -> bool:
    node = node.unnest()
    return (
        (isinstance(node, exp.Literal) and node.is_string)
        or (isinstance(node, exp.Cast) and node.is_type("text", "varchar"))
        or isinstance(node, exp.JSONExtractScalar | exp.DPipe | exp.Lower | exp.Upper | exp.Null)
    )


def _scale(kind: str) -> int | None:
    """Return the scale of a type that is a NUMBER in Snowflake."""
    if match := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind):
        return int(match[1])
    return 0 if kind in _WHOLE else None


def _inside_out(node: exp.Expr) -> Iterator[exp.Expr]:
    """Walk so that what a node is made of, and the queries it reads, come before it."""
    for key in sorted(node.args, key=lambda name: _FIRST.get(name, 4)):
        children = node.args[key]
        for child in children if isinstance(children, list) else [children]:
            if isinstance(child, exp.Expr):
                yield from _inside_out(child)
    yield node


def _rewrite_all(cursor: Cursor, nodes: list[exp.Expr]) -> None:
    if not nodes:
        return
    kinds = _types(cursor, nodes)
    for node in nodes:
        asked = _operands(node)
        found = [kinds.get(id(operand)) for operand in asked]
        known = [kind for kind in found if kind is not None]
        if len(known) == len(asked):
            _rewrite(node, known, cursor.session.settings)
        elif isinstance(node, exp.Div):
            _rewrite(node, ["", ""], cursor.session.settings)
        elif times.is_call(node):
            raise times.refuse_unknown(node)


def _independent(waiting: list[exp.Expr], node: exp.Expr) -> bool:
    """Whether `node` can be asked about together with those that wait."""
    scope = _scope(node)
    if _scope(waiting[0]) is not scope:
        return False
    aliases = {e.alias for e in scope.expressions} if isinstance(scope, exp.Select) else set()
    if any(not c.table and c.name in aliases for c in node.find_all(exp.Column)):
        return False
    inside = {id(n) for n in node.walk()}
    return not any(id(w) in inside for w in waiting)


def _types(cursor: Cursor, nodes: list[exp.Expr]) -> dict[int, str]:
    """Ask DuckDB for the types of the operands of `nodes`, which share a scope."""
    return kinds_of(cursor, [operand for node in nodes for operand in _operands(node)])


def kinds_of(cursor: Cursor, operands: list[exp.Expr]) -> dict[int, str]:
    """Return DuckDB's types of expressions of one scope, by their ids."""
    found = {id(o): kind for o in operands if (kind := _own_type(o)) is not None}
    unknown = [o for o in operands if id(o) not in found]
    if not unknown:
        return found
    scope = _scope(unknown[0])
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


def _own_type(node: exp.Expr) -> str | None:
    """Return the type of a constant or cast without asking."""
    node = node.unnest()
    if "duckdb" in node.meta:
        return str(node.meta["duckdb"])
    if isinstance(node, exp.Null):
        return "NULL"
    if isinstance(node, exp.Anonymous) and node.name in _CALLS:
        return _CALLS[node.name]
    if _is_text(node) or isinstance(node, _TEXT_FUNCTIONS):
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


def _scope(node: exp.Expr) -> exp.Expr | None:
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
        above = _scope(scope) if scope is not None else None
        if not isinstance(above, exp.Select) or above.args.get("from_") is None:
            return None
        tables = [above.args["from_"].this, *(j.this for j in above.args.get("joins") or [])]
        for table in tables:
            if query.args.get("from_") is None:
                query = query.from_(table.copy())
            else:
                query = query.join(table.copy(), join_type="cross")
    ctes = _visible_ctes(scope)
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


def _visible_ctes(scope: exp.Expr | None) -> list[exp.Expr]:
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
