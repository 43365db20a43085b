"""Regular expressions: DuckDB's functions where they do the same, else Python's.

Python's are of `sql/regular_expressions.py`; DuckDB's are faster.
"""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.sql import regular_expressions
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.translation.semi_structured import call

# Snowflake's functions: Python's, and the type of the result
_CALLS = {
    "REGEXP_COUNT": ("regexp_count", "bigint"),
    "REGEXP_EXTRACT_ALL": ("regexp_substr_all", "json"),
    "REGEXP_INSTR": ("regexp_instr", "bigint"),
    "REGEXP_REPLACE": ("regexp_replace", "text"),
    "REGEXP_SUBSTR": ("regexp_substr", "text"),
    "REGEXP_SUBSTR_ALL": ("regexp_substr_all", "json"),
}


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what a function of regular expressions is in DuckDB, None for anything else."""
    match node:
        case exp.RegexpLike():
            return _like(node.this, node.expression, node.args.get("flag"))
        case exp.Anonymous() if node.name.upper() == "REGEXP_SUBSTR" and _is_plain(node):
            return _first_match(*node.expressions)
        case exp.Anonymous() if node.name.upper() in _CALLS:
            return call(*_CALLS[node.name.upper()], node.expressions)
    return None


def _like(subject: exp.Expr, pattern: exp.Expr, parameters: exp.Expr | None) -> exp.Expr:
    """Match the whole subject; that a quantifier isn't greedy makes no difference here."""
    flags = _flags(parameters)
    if flags:
        pattern = exp.DPipe(
            this=exp.Literal.string(f"(?{flags})"), expression=exp.paren(pattern.copy())
        )
    return exp.Anonymous(this="REGEXP_FULL_MATCH", expressions=[subject.copy(), pattern.copy()])


def _flags(parameters: exp.Expr | None) -> str:
    if parameters is None:
        return ""
    if not _is_text(parameters):
        raise unsupported("a regular expression's parameters that are no constant")
    try:
        return regular_expressions.flags(parameters.name)
    except ValueError as error:
        raise compilation(100048, str(error)) from None


def _is_plain(node: exp.Anonymous) -> bool:
    """Whether a REGEXP_SUBSTR asks for the first match of a constant pattern."""
    pattern, rest = node.expressions[1], node.expressions[2:]
    position, occurrence, parameters, group = rest + _FIRST[len(rest) :]
    return (
        _is_text(pattern)
        and bool(pattern.name)
        and regular_expressions.reason_against(pattern.name) is None
        and position.name == occurrence.name == "1"
        and _is_text(parameters)
        and set(parameters.name) <= set("cie")
        and group.is_int
    )


_FIRST: list[exp.Expr] = [
    exp.Literal.number(1),
    exp.Literal.number(1),
    exp.Literal.string("c"),
    exp.Literal.number(0),
]


def _first_match(subject: exp.Expr, pattern: exp.Expr, *rest: exp.Expr) -> exp.Expr:
    _, _, parameters, group = [*rest, *_FIRST[len(rest) :]]
    if len(rest) < 4 and "e" in parameters.name and "(" in pattern.name:
        group = exp.Literal.number(1)
    folded = exp.Literal.string("i" if regular_expressions.flags(parameters.name) else "c")
    found = exp.Anonymous(
        this="REGEXP_EXTRACT_ALL",
        expressions=[subject.copy(), pattern.copy(), group.copy(), folded],
    )
    return exp.Anonymous(this="LIST_EXTRACT", expressions=[found, exp.Literal.number(1)])


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string
