"""Session variables (`set a = …`, `$a`) and parameters (`alter session set …`)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import compilation, error, unsupported

# Parameters that would change results: only their defaults are right here
_DEFAULTS = {
    "BINARY_INPUT_FORMAT": "HEX",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "DATE_INPUT_FORMAT": "AUTO",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "ERROR_ON_NONDETERMINISTIC_MERGE": "TRUE",
    "ROWS_PER_RESULTSET": "0",
    "TIME_INPUT_FORMAT": "AUTO",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "TWO_DIGIT_CENTURY_START": "1970",
    "WEEK_OF_YEAR_POLICY": "0",
    "WEEK_START": "0",
}

# Functions of the session, and the session's attributes that hold their values
_SESSION = {
    "currentuser": "user",
    "currentrole": "role",
    "currentwarehouse": "warehouse",
    "currentdatabase": "database",
    "currentschema": "schema",
    "currentaccount": "account_name",
    "currentsession": "session_id",
}
_CALLS = {"LAST_QUERY_ID": "last_query_id", "CURRENT_WAREHOUSE": "warehouse"}


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
    """Run SET name = expression, …."""
    for item in statement.expressions:
        assignment = item.this
        if not isinstance(assignment, exp.EQ) or not isinstance(assignment.this, exp.Column):
            raise compilation(1003, "syntax error: SET needs name = expression.")
        name = assignment.this.name.upper()
        value = exp.Paren(this=assignment.expression.copy())
        with cursor.session.reading():
            cursor.run_translated(exp.select(exp.alias_(value, "VALUE", quoted=True)))
        cursor.session.values[name] = _literal(cursor.result.column(0)[0].as_py())
    cursor.succeed()


def _literal(value: Any) -> exp.Expr:
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.Boolean(this=value)
        case int() | float() | Decimal():
            number = exp.Literal.number(str(abs(value)))
            return exp.paren(exp.Neg(this=number)) if value < 0 else number
        case datetime.datetime():
            return exp.cast(
                exp.Literal.string(value.replace(tzinfo=None).isoformat(sep=" ")), "timestamp"
            )
        case datetime.date():
            return exp.cast(exp.Literal.string(value.isoformat()), "date")
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


def run_alter_session(cursor: Cursor, statement: exp.Alter) -> None:
    """Run ALTER SESSION SET and UNSET."""
    session = cursor.session
    action = statement.find(exp.AlterSession)
    assert action is not None
    for item in action.expressions:
        if action.args.get("unset"):
            session.parameters.pop(item.this.name.upper(), None)
            continue
        assignment = item.this
        name = assignment.this.name.upper()
        value = assignment.expression
        setting = value.this if isinstance(value, exp.Boolean) else value.name
        if name == "AUTOCOMMIT":
            session.autocommit(str(setting).lower() in ("true", "on", "1"))
        elif name == "TIMEZONE" and str(setting).upper() not in ("UTC", "ETC/UTC"):
            raise error(2, "Unsupported feature: a session TIMEZONE other than UTC", "0A000")
        elif name in _DEFAULTS and str(setting).upper() != _DEFAULTS[name]:
            raise unsupported(f"{name} other than {_DEFAULTS[name]}")
        elif name == "QUOTED_IDENTIFIERS_IGNORE_CASE" and str(setting).lower() == "true":
            raise error(2, "Unsupported feature: QUOTED_IDENTIFIERS_IGNORE_CASE", "0A000")
        else:
            session.parameters[name] = setting
    session.parameters.setdefault("LOCK_TIMEOUT", 43200)
    cursor.succeed()
