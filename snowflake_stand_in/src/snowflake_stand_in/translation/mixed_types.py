"""Values of several types where Snowflake wants one: it converts the texts, DuckDB guesses.

DuckDB would round the text of a number to a whole column's type, and read dates in its own form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from snowflake_stand_in.sql import refusals
from snowflake_stand_in.sql.errors import error
from snowflake_stand_in.translation import time_texts, time_values

_FLOATS = ("DOUBLE", "FLOAT")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
# The first operand says the type
_OF_THE_FIRST = (exp.Greatest, exp.Least)
_PAIRS = (exp.Nullif, exp.EqualNull, exp.NullSafeEQ, exp.NullSafeNEQ)


def _groups(node: exp.Expr) -> list[list[exp.Expr]]:
    """Return the operands of a conditional that have one type in Snowflake."""
    match node:
        case exp.Coalesce() | exp.Greatest() | exp.Least():
            return [[node.this, *node.expressions]]
        case exp.Nvl2():
            return [[node.args["true"], node.args.get("false") or exp.null()]]
        case exp.If() if not isinstance(node.parent, exp.Case):
            return [[node.args["true"], node.args.get("false") or exp.null()]]
        case exp.Case():
            branches = node.args["ifs"]
            results = [*(b.args["true"] for b in branches), node.args.get("default") or exp.null()]
            tests = [node.this, *(branch.this for branch in branches)] if node.this else []
            return [tests, results]
        case exp.DecodeCase():
            value, *rest = node.expressions
            results = rest[1::2] + (rest[-1:] if len(rest) % 2 else [])
            return [[value, *rest[: len(rest) // 2 * 2 : 2]], results]
        case _ if isinstance(node, _PAIRS):
            return [[node.this, node.expression]]
    return []


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string


def _is_number(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _may_mix(group: list[exp.Expr]) -> bool:
    """Whether constants tell that a group may be of several types."""
    if any(map(_is_number, group)):
        return not all(map(_is_number, group))
    return any(map(_is_text, group)) and not all(map(_is_text, group))


def operands(node: exp.Expr) -> list[exp.Expr]:
    """Return the operands of a conditional whose types have to be asked for."""
    return [
        value
        for group in _groups(node)
        if _may_mix(group)
        for value in group
        if not isinstance(value, exp.Literal | exp.Null | exp.Boolean)
    ]


def unite_constants(node: exp.Expr) -> None:
    """Convert the texts among constants of which the others are numbers, in place."""
    groups = _groups(node)
    if isinstance(node, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
        groups = [[node.this, node.expression]]
    for group in groups:
        constants = [value for value in group if not isinstance(value, exp.Null)]
        plain = all(isinstance(value, exp.Literal) for value in constants)
        if plain and any(map(_is_number, constants)):
            if isinstance(node, _OF_THE_FIRST) and _is_text(constants[0]):
                raise refusals.refused("text and number")
            read_numbers([value for value in constants if _is_text(value)], [])


def unite(node: exp.Expr, kinds: list[str], settings: Mapping[str, str]) -> None:
    """Convert the texts among the operands of a conditional, in place."""
    known = iter(kinds)
    for group in _groups(node):
        if not _may_mix(group):
            continue
        asked = [v for v in group if not isinstance(v, exp.Literal | exp.Null | exp.Boolean)]
        of_the_first = isinstance(node, _OF_THE_FIRST)
        _unite(group, [next(known) for _ in asked], settings, of_the_first=of_the_first)


def _unite(
    group: list[exp.Expr], kinds: list[str], settings: Mapping[str, str], *, of_the_first: bool
) -> None:
    texts = [value for value in group if _is_text(value)]
    times = [kind for kind in map(time_values.kind_of, kinds) if kind in time_values.ALL]
    numbers = any(map(_is_number, group)) or any(map(is_number, kinds))
    if times:
        target = next((kind for kind in times if kind in time_values.TIMESTAMPS), times[0])
        for value in texts:
            value.replace(time_texts.read(value.copy(), target, settings))
    elif "JSON" in kinds and texts:
        raise refusals.refused("variant and text")
    elif numbers and ("VARCHAR" in kinds or (_is_text(group[0]) and of_the_first)):
        raise refusals.refused("text and number")
    elif numbers:
        read_numbers(texts, kinds)


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is one of numbers."""
    return kind.startswith("DECIMAL") or kind.endswith("INT") or kind in ("INTEGER", *_FLOATS)


def read_numbers(texts: list[exp.Expr], kinds: list[str]) -> None:
    """Make numbers of constants of texts, in place, with all their digits."""
    for value in texts:
        if not _NUMBER.fullmatch(value.name):
            if any(kind in _FLOATS for kind in kinds):
                continue
            raise error(100038, f"Numeric value '{value.name}' is not recognized", "22018")
        digits = value.name.strip().lstrip("+")
        number: exp.Expr = exp.Literal.number(digits.lstrip("-"))
        value.replace(exp.paren(exp.Neg(this=number)) if digits.startswith("-") else number)
