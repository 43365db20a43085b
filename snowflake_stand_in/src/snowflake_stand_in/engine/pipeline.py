"""What the lists of a statement's way are made of: kinds, passes, handlers."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor

Pass: TypeAlias = Callable[[Cursor, exp.Expr], exp.Expr | None]
"""Changes a tree and returns it; None if it has changed it in place, or has only checked it."""


class Kind(NamedTuple):
    """A kind of statement that sqlglot can't parse: how its text begins, and what runs the text."""

    name: str
    opening: re.Pattern[str]
    run: Callable[[Cursor, str], None]

    def recognise(self, text: str, opening: str) -> exp.Expr | None:
        """Return the text as a command of this kind, or None if it is of another."""
        if not self.opening.match(opening):
            return None
        return exp.Command(this=self.name, expression=exp.Literal.string(text))


class Handler(NamedTuple):
    """Runs the statements to which it applies; its result becomes the cursor's."""

    applies: Callable[[Cursor, exp.Expr], bool]
    run: Callable[[Cursor, Any], None]


def begins(pattern: str) -> re.Pattern[str]:
    """Compile what the text of a kind begins with: words in any case, one space between them."""
    return re.compile(rf"(?:{pattern})(?!\w)", re.IGNORECASE)


def of(*types: type[exp.Expr]) -> Callable[[Cursor, exp.Expr], bool]:
    """Apply to trees of these types."""
    return lambda _, tree: isinstance(tree, types)


def of_kind(*kinds: str) -> Callable[[Cursor, exp.Expr], bool]:
    """Apply to definitions of these kinds of objects."""
    return lambda _, tree: str(tree.args.get("kind") or "").upper() in kinds


def command(pattern: str) -> Callable[[Cursor, exp.Expr], bool]:
    """Apply to what sqlglot has left as text that begins so."""
    opening = re.compile(rf"(?:{pattern})(?!\w)", re.IGNORECASE)

    def applies(_: Cursor, tree: exp.Expr) -> bool:
        if not isinstance(tree, exp.Command):
            return False
        rest = tree.expression
        words = f"{tree.this} {rest.name if isinstance(rest, exp.Literal) else rest}"
        return opening.match(" ".join(words[:300].split())) is not None

    return applies


def alone(change: Callable[[exp.Expr], exp.Expr | None]) -> Pass:
    """Make a pass of a function that looks at the tree alone."""
    return lambda _, tree: change(tree)


def run_passes(passes: tuple[Pass, ...], cursor: Cursor, tree: exp.Expr) -> exp.Expr:
    """Take a tree through passes, in their order."""
    for change in passes:
        changed = change(cursor, tree)
        tree = tree if changed is None else changed
    return tree
