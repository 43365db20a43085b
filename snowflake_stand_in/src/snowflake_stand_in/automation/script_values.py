"""Variables of a block: their scopes, and their values as constants in SQL and back."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.time_macros import TZ_TYPE
from snowflake_stand_in.translation import time_values


@dataclass
class Variable:
    """A variable of a block; without a type it takes that of what it is given."""

    value: exp.Expr
    type: exp.DataType | None


@dataclass(frozen=True)
class Thrown:
    """A user's exception, or a statement's error, on its way."""

    kind: str
    code: int
    message: str
    state: str


@dataclass
class Scope:
    """The names that a block or a loop declares, inside another."""

    outer: Scope | None = None
    names: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """Return what a name means here, None if nothing."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def declare(self, name: str, value: Any) -> None:
        """Declare a name, or raise if it is one already."""
        if name in self.names:
            raise compilation(1003, f"syntax error: '{name}' is declared twice.")
        self.names[name] = value


def bound(statement: exp.Expr, scope: Scope, *, bare: bool = False) -> exp.Expr:
    """Return a copy with `:name` replaced by values; `bare` names too, outside subqueries."""
    holder = exp.Tuple(expressions=[statement.copy()])
    nodes: list[Any] = list(holder.find_all(exp.Placeholder, exp.Column))
    for node in nodes:
        if isinstance(node, exp.Placeholder):
            if not node.this:
                raise compilation(2049, "Bind variable ? not set.", "42601")
            variable = scope.find(node.name.upper())
            if not isinstance(variable, Variable):
                raise compilation(2049, f"Bind variable :{node.name.upper()} not set.", "42601")
        elif bare and node.parent_select is holder.expressions[0]:
            name = node.name if node.this.args.get("quoted") else node.name.upper()
            if node.table:
                row = scope.find(node.table.upper())
                variable = row.get(name) if isinstance(row, dict) else None
            else:
                variable = scope.find(name)
        else:
            continue
        if isinstance(variable, Variable):
            node.replace(variable.value.copy())
    for dynamic in list(holder.find_all(exp.DynamicIdentifier)):
        if isinstance(dynamic.this, exp.Literal) and not isinstance(dynamic.parent, exp.Table):
            dynamic.replace(sqlglot.parse_one(dynamic.this.name, read="snowflake"))
    found: exp.Expr = holder.expressions[0]
    found.pop()
    return found


def values_of(cursor: Cursor) -> list[dict[str, Variable]]:
    """Return a result's rows as values of variables."""
    described = cursor.described()
    kinds = [str(kind) for _, kind, *_ in described]
    names = [str(name) for name, *_ in described]
    rows = zip(*(column.to_pylist() for column in cursor.result.columns), strict=True)
    return [
        {
            name: Variable(literal(value, kind), None)
            for name, value, kind in zip(names, row, kinds, strict=True)
        }
        for row in rows
    ]


def null(kind: exp.DataType | None) -> Variable:
    """Return a variable without a value."""
    return Variable(exp.null(), kind)


def literal(value: Any, kind: str = "") -> exp.Expr:
    """Return a Python value as a constant in SQL; `kind` is its DuckDB type, if known."""
    match value:
        case None:
            return exp.null()
        case str() if kind == "JSON":
            return exp.ParseJSON(this=exp.Literal.string(value))
        case bool():
            return exp.Boolean(this=value)
        case int() | Decimal():
            number = exp.Literal.number(str(abs(value)))
            return exp.paren(exp.Neg(this=number)) if value < 0 else number
        case float():
            return exp.cast(exp.Literal.string(repr(value)), "double")
        case str():
            return exp.Literal.string(value)
        case datetime.date() | datetime.time():
            return time_values.literal(value)
        case dict() if kind == TZ_TYPE:
            return time_values.literal(value)
        case _:
            raise unsupported(f"variables of type {kind or type(value).__name__}")
