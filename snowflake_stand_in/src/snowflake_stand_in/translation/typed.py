"""Rewrites whose form depends on the types of the operands, which DuckDB tells.

Snowflake divides NUMBERs to a NUMBER of six more digits, adds days to a DATE and gets a DATE, and
writes a timestamp's milliseconds; DuckDB does otherwise, and only the types say where it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import refusals
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.time_macros import TZ_TYPE
from snowflake_stand_in.translation import (
    conversions,
    exact_numbers,
    mixed_types,
    time_columns,
    time_texts,
    time_values,
    times,
    variant_comparisons,
)
from snowflake_stand_in.translation.operand_types import is_text, kinds_of, outermost, scope_of

_BOUNDS = ("low", "high")
_INTO_VARIANTS = ("JSON_ARRAY",)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In)
_ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_FIRST = {"with_": 0, "from_": 1, "joins": 2, "laterals": 3}
_NO_SUMS = ("BOOLEAN", "DATE", "TIME", "TIMESTAMP", "BLOB")


def rewrite_typed(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Rewrite, in place, what depends on types; return the statement."""
    holder = exp.Tuple(expressions=[statement])
    waiting: list[tuple[exp.Expr, exp.Expr | None]] = []
    offsets = time_columns.has_offsets(cursor, statement)
    variants = variant_comparisons.names(cursor, statement)
    for node in list(_inside_out(statement)):
        if offsets and _key_of_offsets(node):
            node.meta["offsets"] = True
        elif variant_comparisons.applies(node, variants):
            node.meta["variants"] = True
        mixed_types.unite_constants(node)
        if _operands(node):
            waiting.append((node, scope_of(node)))
    while waiting:
        ready = _ready(waiting)
        _rewrite_all(cursor, [node for node in ready if _operands(node)])
        done = set(map(id, ready))
        waiting = [(node, scope) for node, scope in waiting if id(node) not in done]
    resolved: exp.Expr = holder.expressions[0]
    return resolved.pop()


def _ready(waiting: list[tuple[exp.Expr, exp.Expr | None]]) -> list[exp.Expr]:
    """Return the first node that waits, and those that DuckDB can be asked about with it.

    They are of the same query; what a node is made of is rewritten before it, and what lies beside
    it in a window, before the window is copied.
    """
    scope = waiting[0][1]
    first = _source_of(waiting[0][0])
    aliases = {e.alias for e in scope.expressions} if isinstance(scope, exp.Select) else set()
    left = {id(node) for node, _ in waiting}
    ready: list[exp.Expr] = []
    for node, its_scope in waiting:
        if its_scope is not scope or (first is not None and _source_of(node) is not first):
            continue
        # What refers to another column of its query comes after all before it
        named = (c for c in node.find_all(exp.Column) if not c.table)
        if ready and any(column.name in aliases for column in named):
            continue
        # Of a conditional only constants are replaced: its conditions may come later
        parts = mixed_types.operands(node)
        inside = {id(n) for part in parts or [node] for n in part.walk()}
        beside: set[int] = set()
        if not parts:
            beside = {id(n) for n in outermost(node).walk()} - inside - set(map(id, ready))
        if not ready or not left & ((inside | beside) - {id(node)}):
            ready.append(node)
    return ready


def _source_of(node: exp.Expr) -> exp.Expr | None:
    """Return the VALUES or table function of which a node is a part: it makes a query's columns."""
    parent = node.parent
    while parent is not None and not isinstance(parent, exp.Query):
        if isinstance(parent, exp.Values | exp.Table | exp.Lateral):
            return parent
        parent = parent.parent
    return None


def _operands(node: exp.Expr) -> list[exp.Expr]:
    """Return the operands whose types decide; none where nothing depends on types."""
    match node:
        case _ if times.is_call(node):
            return times.operands(node)
        case exp.EQ() if isinstance(node.parent, exp.Update) and node.arg_key == "expressions":
            return []
        case _ if node.meta_get("offsets"):
            return time_columns.keys(node)
        case _ if node.meta_get("variants"):
            return variant_comparisons.operands(node)
        case exp.Div():
            return [node.this, node.expression]
        case exp.Mul() if not any(
            exact_numbers.is_whole_constant(n) for n in (node.this, node.expression)
        ):
            return [node.this, node.expression]
        case exp.Anonymous() if node.name.upper() in _INTO_VARIANTS:
            return [e for e in node.expressions if _may_be_time(e)]
        case exp.ArrayAgg():
            return [node.this] if _may_be_time(node.this) else []
        case exp.Anonymous() if node.name in ("SUM", "AVG", "_FS_MEDIAN"):
            summed = _argument(node.expressions[0])
            return [] if node.name == "SUM" and isinstance(summed, exp.Literal) else [summed]
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
            return [value for value in node.expressions if not is_text(value)]
        case exp.Between():
            return [node.this] if not is_text(node.this) else []
        case exp.Cast() if node.is_type("text", "varchar") and not is_text(node.this):
            return [node.this]
        case exp.TryCast() if conversions.wants_text(node):
            return [node.this]
        case exp.JSONExtract() | exp.JSONExtractScalar() if isinstance(node.this, exp.Column):
            return [node.this]
        case exp.Cast() if conversions.is_converted(node):
            return [node.this]
        case exp.DPipe():
            return [side for side in (node.this, node.expression) if not is_text(side)]
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
        case _:
            return mixed_types.operands(node)


def _rewrite(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    match node:
        case _ if times.is_call(node):
            times.rewrite(node, kinds)
        case _ if node.meta_get("offsets"):
            _compare_keys(node, kinds, settings)
        case _ if node.meta_get("variants"):
            variant_comparisons.compare(node, kinds, settings)
        case _ if conversions.takes_text(node):
            for value, kind in zip(_texts(node), kinds, strict=True):
                if kind == "JSON":
                    value.replace(_text(value, kind, settings))
        case exp.Div():
            exact_numbers.divide(node, kinds)
        case exp.Mul():
            exact_numbers.multiply(node, kinds)
        case exp.Anonymous() if node.name.upper() in _INTO_VARIANTS:
            asked = [e for e in node.expressions if _may_be_time(e)]
            _write_times(asked, kinds, settings)
        case exp.ArrayAgg():
            _write_times([node.this], kinds, settings)
        case exp.Anonymous() if node.name in ("SUM", "AVG") and kinds[0] in _NO_SUMS:
            raise compilation(
                1044, f"Invalid argument types for function '{node.name}': ({kinds[0]})", "42P13"
            )
        case exp.Anonymous() if node.name in ("SUM", "AVG") and kinds[0] == "VARCHAR":
            summed = _argument(node.expressions[0])
            digits = exp.Anonymous(this="_FS_NUMERIC", expressions=[summed.copy()])
            summed.replace(exp.cast(digits, "double"))
        case exp.Anonymous() if node.name == "AVG":
            exact_numbers.average(node, kinds[0])
        case exp.Anonymous() if node.name == "SUM":
            pass
        case exp.Anonymous() if node.name == "TO_JSON":
            conversions.make_variant(node, kinds[0], lambda v, kind: _text(v, kind, settings))
        case exp.Count():
            if kinds[0] == "JSON":
                _wrap(_argument(node.this), _without_null)
        case exp.Anonymous():
            exact_numbers.exact(node, kinds[0], 3)
        case exp.PercentileCont():
            group = node.find_ancestor(exp.WithinGroup)
            assert group is not None
            exact_numbers.exact(group, kinds[0], 3)
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
            if "BLOB" in kinds:
                raise refusals.refused("bytes")
            sides = [side for side in _joined(node) if not is_text(side)]
            for side, kind in zip(sides, kinds, strict=True):
                text = _text(side, kind, settings)
                if text is not side:
                    side.replace(text)
        case exp.Floor() | exp.Ceil():
            if (scale := exact_numbers.scale_of(kinds[0])) is not None:
                decimals = node.args["decimals"]
                kept = min(scale, int(decimals.name)) if decimals.is_int else scale
                _wrap(
                    node, lambda n: exp.cast(n, f"decimal({exact_numbers.DIGITS}, {max(kept, 0)})")
                )
        case exp.Max() | exp.Min() | exp.Ordered():
            if kinds[0] == "JSON":
                raise refusals.refused("variant order")
        case _ if not isinstance(node, (*_COMPARISONS, exp.Between)):
            mixed_types.unite(node, kinds, settings)
        case _ if len(kinds) == 2:
            if kinds == ["JSON", "JSON"] and isinstance(node, _ORDERED):
                raise refusals.refused("variant order")
            _read_compared(node, kinds, settings)
        case _:
            _compare(node, kinds, settings)


def _compare_keys(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    if TZ_TYPE in kinds:
        time_columns.compare(node, kinds, settings)
    elif isinstance(node, _COMPARISONS) and len(kinds) == 2 and "JSON" in kinds:
        variant_comparisons.compare(node, kinds, settings)
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
    return time_values.kind_of(str(node.meta_get("duckdb"))) in time_values.ALL


def _compares_times(node: exp.Expr) -> bool:
    if not isinstance(node, _COMPARISONS) or isinstance(node, exp.In):
        return False
    sides = (node.this, node.expression)
    bound = any(isinstance(s, exp.Placeholder) and s.meta_get("duckdb") for s in sides)
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
        return [node.this] if plain and not is_text(node.this) else []
    sides = [node.this, node.expression]
    if sum(isinstance(side, exp.Literal) for side in sides) != 1:
        return []
    return [s for s in sides if not isinstance(s, exp.Literal) and not is_text(s)]


def _compare(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    if (of_time := time_values.kind_of(kinds[0])) in time_values.ALL:
        for side in _constants(node):
            if isinstance(side, exp.Literal) and side.is_string:
                side.replace(time_texts.read(side.copy(), of_time, settings))
    constants = [n for n in _constants(node) if isinstance(n, exp.Literal)]
    if mixed_types.is_number(kinds[0]):
        mixed_types.read_numbers([n for n in constants if n.is_string], kinds)
    elif kinds[0] == "VARCHAR" and any(not n.is_string for n in constants):
        raise refusals.refused("text and number")
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


def _constants(node: exp.Expr) -> list[exp.Expr | None]:
    return [node.this, *node.expressions, *map(node.args.get, ("expression", *_BOUNDS))]


def _texts(node: exp.Expr) -> list[exp.Expr]:
    return [value for value in conversions.texts(node) if not is_text(value)]


def _wrap(node: exp.Expr, made: Callable[[exp.Expr], exp.Expr]) -> None:
    node.replace(made(node.copy()))


def _without_null(value: exp.Expr) -> exp.Expr:
    """Make JSON's null NULL."""
    return exp.Anonymous(this="NULLIF", expressions=[value, exp.Literal.string("null")])


def _argument(node: exp.Expr) -> exp.Expr:
    return node.expressions[0] if isinstance(node, exp.Distinct) else node


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


def _types(cursor: Cursor, nodes: list[exp.Expr]) -> dict[int, str]:
    """Ask DuckDB for the types of the operands of `nodes`, which share a scope."""
    return kinds_of(cursor, [operand for node in nodes for operand in _operands(node)])
