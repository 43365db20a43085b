"""Snowflake's text to sqlglot's tree, one statement at a time."""

import logging
import re

import sqlglot
from sqlglot import exp

from snowflake_stand_in.sql.errors import error

_COMMENT = re.compile(r"--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_BEFORE = re.compile(rf"(?:\s|{_COMMENT.pattern})*", re.DOTALL)
# Enough for the longest opening of a statement, comments in it included
_OPENING = 2000

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
