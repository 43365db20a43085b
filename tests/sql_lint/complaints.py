"""Judges a statement: both parsers read it, it keeps to the rules, and means the same on both."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlglot
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.sql_lint.rules import broken
from tests.sql_lint.statements import CONFIG, Statement

# It says so for every statement of COMMANDS
logging.getLogger("sqlglot").setLevel(logging.ERROR)

# What sqlglot reads as words only. sqlfluff's grammar holds these, and no query is hidden in them
# but a pipe's and a task's, which are judged part by part.
COMMANDS = (
    "alter pipe",
    "alter resource monitor",
    "alter schema",
    "alter stage",
    "alter storage integration",
    "alter task",
    "alter warehouse",
    "call",
    "create notification integration",
    "create or replace pipe",
    "create or replace task",
    "create resource monitor",
    "create role",
    "create snowflake.core.budget",
    "create stream",
    "create task",
    "drop pipe",
    "drop stream",
    "grant",
    "show",
)
# What sqlfluff's grammar lacks, though Snowflake documents it
UNKNOWN_TO_SQLFLUFF = ("create snowflake.core.budget", "call gharchive.ledger.spending!")
# As .sqlfluff has it, but that layout is judged where it is written, by `make lint`. AL04: a
# subquery may read a table that the query reads as well. RF02, AL10: in
# a subquery over FLATTEN, `value` is unqualified and the query has no name.
STYLE = FluffConfig.from_path(
    str(Path(__file__).parents[2]),
    overrides={
        "templater": "raw",
        "exclude_rules": "layout,AL03,AL04,AL10,AM04,CP02,RF02,RF04,ST05,ST06",
    },
)


def judge(statements: Sequence[Statement], *, style: bool = True) -> None:
    """Fail with all that is wrong with these statements."""
    found = [c for statement in statements for c in complaints(statement, style=style)]
    assert not found, "\n".join(found)


def complaints(statement: Statement, *, style: bool) -> list[str]:
    """Return all that is wrong; `style` is for SQL that we have written ourselves."""
    found = [*_unread_by_sqlfluff(statement, style=style)]
    for sql in statement.parts or (statement.sql,):
        found += _unread_by_sqlglot(sql, is_part=bool(statement.parts))
    return [f"{statement.origin}: {what}" for what in found]


def _unread_by_sqlglot(sql: str, *, is_part: bool) -> Iterator[str]:
    try:
        parsed = [tree for tree in sqlglot.parse(sql, read="snowflake") if tree is not None]
    except SqlglotError as error:
        yield f"sqlglot can't parse it: {str(error).splitlines()[0]}"
        return
    for tree in parsed:
        if isinstance(tree, exp.Command):
            text = f"{tree.this} {tree.expression}"
            if not _begins_with(text, COMMANDS):
                yield f"sqlglot doesn't know this kind of statement: {text[:60]}"
        # A part's result goes to a variable, and to no client
        yield from (f"breaks the rule {name}" for name in broken(tree, is_sent=not is_part))


def _unread_by_sqlfluff(statement: Statement, *, style: bool) -> Iterator[str]:
    if _begins_with(statement.sql, UNKNOWN_TO_SQLFLUFF):
        return
    if not style:
        parsed = Linter(config=CONFIG).parse_string(statement.sql)
        yield from (f"sqlfluff: {violation.desc()}" for violation in parsed.violations)
        return
    linted = Linter(config=STYLE).lint_string(statement.sql + "\n")
    yield from (f"{v.rule_code()} {v.desc()}" for v in linted.violations)


def _begins_with(sql: str, kinds: tuple[str, ...]) -> bool:
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    text = " ".join(" ".join(lines).lower().split()).replace(" if not exists", "")
    return any(text.startswith(kind if kind.endswith("!") else f"{kind} ") for kind in kinds)
