"""Snowflake's text to sqlglot's tree, one statement at a time."""

import logging
import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake

from snowflake_stand_in.sql.errors import error

_COMMENT = re.compile(r"--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_BEFORE = re.compile(rf"(?:\s|{_COMMENT.pattern})*", re.DOTALL)
# Enough for the longest opening of a statement, comments in it included
_OPENING = 2000

# Kept as they are written: sqlglot would make strftime's of their formats, or forget which it was
_CONVERSIONS = (
    "TO_DATE",
    "TO_TIME",
    "TO_TIMESTAMP",
    "TO_TIMESTAMP_NTZ",
    "TO_TIMESTAMP_LTZ",
    "TO_TIMESTAMP_TZ",
)
_MADE = ("DATE", "TIME", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")
_AS_WRITTEN = (
    *_CONVERSIONS,
    *(f"TRY_{name}" for name in _CONVERSIONS),
    "DATE",
    "TIME",
    *(f"{name}_FROM_PARTS" for name in _MADE),
    *(f"{name.replace('_', '')}FROMPARTS" for name in _MADE),
)


def _as_written(name: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    return lambda arguments: exp.Anonymous(this=name, expressions=arguments)


def _to_char(arguments: list[exp.Expr]) -> exp.Expr:
    return exp.ToChar(this=arguments[0], format=arguments[1] if len(arguments) > 1 else None)


# Its parser is compiled, and can't be subclassed
Snowflake.Parser.FUNCTIONS.update(
    {name: _as_written(name) for name in _AS_WRITTEN}
    | {"TO_CHAR": _to_char, "TO_VARCHAR": _to_char}
)

logging.getLogger("sqlglot").setLevel(logging.ERROR)


def opening(text: str) -> str:
    """Return how a statement begins, without comments and with one space between words."""
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    return " ".join(_COMMENT.sub(" ", text[start : start + _OPENING]).split())


def parse(text: str) -> exp.Expr:
    """Parse one statement, or raise Snowflake's error."""
    statements = [
        s
        for s in sqlglot.parse(text, read="snowflake")
        if s is not None and not isinstance(s, exp.Semicolon)
    ]
    if not statements:
        raise error(900, "Empty SQL statement.", "42601")
    if len(statements) > 1:
        raise error(
            8,
            f"Actual statement count {len(statements)} did not match the desired "
            "statement count 1.",
            "0A000",
        )
    return _without_positions(statements[0])


def plain(text: str) -> str:
    """Return a statement as sqlglot writes it, without comments."""
    return parse(text).sql(dialect="snowflake", comments=False).strip()


def _without_positions(statement: exp.Expr) -> exp.Expr:
    """Forget where in the text each node stood, but for what fakesnow reads: half of a copy."""
    for node in statement.walk():
        if not isinstance(node, exp.Stddev):
            node._meta = None
    return statement
