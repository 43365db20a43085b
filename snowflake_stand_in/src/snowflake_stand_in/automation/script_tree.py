"""A block of Snowflake Scripting as a tree: one class for each kind of statement."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Statement:
    """One statement and where it starts."""

    offset: int


@dataclass(frozen=True)
class Declare(Statement):
    """A variable: DECLARE's or LET's."""

    name: str
    type: exp.DataType | None
    value: exp.Expr | None


@dataclass(frozen=True)
class DeclareException(Statement):
    """A user's exception."""

    name: str
    code: int
    message: str


@dataclass(frozen=True)
class DeclareRows(Statement):
    """A cursor or a result set: a query and its rows."""

    name: str
    query: exp.Expr


@dataclass(frozen=True)
class Assign(Statement):
    """A new value of a variable."""

    name: str
    value: exp.Expr


@dataclass(frozen=True)
class Sql(Statement):
    """A plain statement; SELECT … INTO fills variables."""

    statement: exp.Expr
    into: list[str]


@dataclass(frozen=True)
class ExecuteImmediate(Statement):
    """A statement in a string."""

    text: exp.Expr
    using: list[str]


@dataclass(frozen=True)
class If(Statement):
    """Branches in order; the last condition may be missing."""

    branches: list[tuple[exp.Expr | None, list[Statement]]]


@dataclass(frozen=True)
class ForRows(Statement):
    """A loop over the rows of a cursor or result set."""

    row: str
    rows: str
    body: list[Statement]


@dataclass(frozen=True)
class ForCount(Statement):
    """A loop over whole numbers."""

    counter: str
    first: exp.Expr
    last: exp.Expr
    reverse: bool
    body: list[Statement]


@dataclass(frozen=True)
class While(Statement):
    """A loop while a condition holds; LOOP has none."""

    condition: exp.Expr | None
    body: list[Statement]


@dataclass(frozen=True)
class Leave(Statement):
    """BREAK or CONTINUE."""

    again: bool


@dataclass(frozen=True)
class Return(Statement):
    """The block's result."""

    value: exp.Expr | None


@dataclass(frozen=True)
class Raise(Statement):
    """Raise an exception, or again the one being handled."""

    name: str | None


@dataclass(frozen=True)
class Block(Statement):
    """A block with its declarations and handlers."""

    declarations: list[Statement]
    body: list[Statement]
    handlers: list[tuple[set[str], list[Statement]]]
