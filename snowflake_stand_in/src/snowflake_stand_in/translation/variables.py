"""Session variables: `set a = …`, `$a`."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import compilation, error
from snowflake_stand_in.translation import time_values

# Functions of the session, and the session's attributes that hold their values
_SESSION = {
    "currentuser": "user",
    "currentrole": "role",
    "currentwarehouse": "warehouse",
    "currentdatabase": "database",
    "currentschema": "schema",
    "currentaccount": "account_name",
    "currentaccountname": "account_name",
    "currentorganizationname": "organization_name",
    "currentregion": "region",
    "currentsession": "session_id",
}
_CALLS = {"LAST_QUERY_ID": "last_query_id", "CURRENT_WAREHOUSE": "warehouse"}


_LARGEST = 16 * 1024


def substitute(cursor: Cursor, statement: exp.Expr) -> None:
    """Replace `$name` by the variable's value, in place, except in COPY and stage queries' `$1`."""
    values = cursor.session.values
    for parameter in list(statement.find_all(exp.Parameter)):
        if not isinstance(parameter.this, exp.Var | exp.Identifier):
            continue
        name = parameter.this.name.upper()
        if name not in values:
            raise compilation(1008, f"Session variable '${name}' does not exist", "02000")
        parameter.replace(values[name].copy())


def substitute_session(cursor: Cursor, statement: exp.Expr) -> None:
    """Replace CURRENT_USER() and its like by what holds in this session, in place."""
    for node in list(statement.find_all(exp.Func)):
        if node.key in _SESSION or (node.key == "anonymous" and node.name.upper() in _CALLS):
            name = _SESSION.get(node.key) or _CALLS[node.name.upper()]
            node.replace(_literal(getattr(cursor.session, name)))


def run_set(cursor: Cursor, statement: exp.Set) -> None:
    """Run SET name = expression, and SET (name, …) = (expression, …), also of a subquery's row."""
    for item in statement.expressions:
        names, values = _assigned(item.this)
        if isinstance(values, exp.Expr):
            query = values
        else:
            named = [
                exp.alias_(exp.Paren(this=value.copy()), name, quoted=True)
                for name, value in zip(names, values, strict=True)
            ]
            query = exp.select(*named)
        with cursor.session.reading():
            cursor.run_translated(query)
        if isinstance(values, exp.Expr) and cursor.result.num_rows > 1:
            raise error(90150, "Single-row subquery returns more than one row.", "22000")
        for number, name in enumerate(names):
            column = cursor.result.column(number)
            _assign(cursor, name, column[0].as_py() if len(column) else None)
    cursor.succeed()


def _assigned(assignment: exp.Expr) -> tuple[list[str], list[exp.Expr] | exp.Expr]:
    """Return the names, and their values or the query that gives them."""
    if isinstance(assignment, exp.EQ):
        left, right = assignment.this, assignment.expression
        if isinstance(left, exp.Column):
            return [left.name.upper()], [right]
        # One name in parentheses is no tuple to sqlglot
        columns = left.expressions if isinstance(left, exp.Tuple) else [left.unnest()]
        if all(isinstance(column, exp.Column) for column in columns):
            names = [column.name.upper() for column in columns]
            values: list[exp.Expr] | exp.Expr
            if isinstance(right, exp.Subquery):
                query = right.this
                values, found = query.copy(), len(query.selects)
            else:
                values = right.expressions if isinstance(right, exp.Tuple) else [right.unnest()]
                found = len(values)
            if found != len(names):
                raise compilation(
                    1003, f"syntax error: SET has {len(names)} names and {found} values."
                )
            return names, values
    raise compilation(1003, "syntax error: SET needs name = expression.")


def _assign(cursor: Cursor, name: str, value: Any) -> None:
    if isinstance(value, str | bytes) and len(_bytes(value)) > _LARGEST:
        raise compilation(
            1093,
            f"Assignment to '{name}' not done because value exceeds size limit for variables.",
        )
    cursor.session.values[name] = _literal(value)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _literal(value: Any) -> exp.Expr:
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.Boolean(this=value)
        case int() | float() | Decimal():
            number = exp.Literal.number(str(abs(value)))
            return exp.paren(exp.Neg(this=number)) if value < 0 else number
        case datetime.datetime() | datetime.date() | dict():
            return time_values.literal(value)
        case str():
            return exp.Literal.string(value)
        case _:
            raise error(2, f"Unsupported feature: variable of type {type(value).__name__}", "0A000")


def is_unset(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is UNSET name, which sqlglot takes for an alias."""
    return _words(statement)[:1] == ["UNSET"]


def run_unset(cursor: Cursor, statement: exp.Alias) -> None:
    """Run UNSET name."""
    cursor.session.values.pop(statement.alias.upper(), None)
    cursor.succeed()


def is_start_transaction(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is START TRANSACTION, which sqlglot takes for an alias."""
    return _words(statement) == ["START", "TRANSACTION"]


def _words(statement: exp.Expr) -> list[str]:
    if not isinstance(statement, exp.Alias) or not isinstance(statement.this, exp.Column):
        return []
    return [statement.this.name.upper(), statement.alias.upper()]
