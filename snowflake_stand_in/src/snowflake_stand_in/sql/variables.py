"""Session variables (`set a = …`, `$a`) and parameters (`alter session set …`)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlglot import exp

from snowflake_stand_in.sql.errors import compilation, error, unsupported

if TYPE_CHECKING:
    from snowflake_stand_in.engine.session import Session
    from snowflake_stand_in.statement import Cursor


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


def handle(cursor: Cursor, statement: exp.Expr) -> bool:
    """Run SET, UNSET and ALTER SESSION; return whether it was one."""
    match statement:
        case exp.Set():
            _set(cursor, statement)
        case exp.Alias(this=exp.Column(this=exp.Identifier(this=str(word)))) if (
            word.upper() == "UNSET"
        ):
            cursor._conn.values.pop(statement.alias.upper(), None)
            cursor.succeed()
        case exp.Alias(this=exp.Column(this=exp.Identifier(this=str(word)))) if (
            word.upper() == "START" and statement.alias.upper() == "TRANSACTION"
        ):
            cursor._conn.begin()
            cursor.succeed()
        case exp.Alter() if str(statement.args.get("kind")).upper() == "SESSION":
            _alter_session(cursor, statement)
        case _:
            return False
    return True


def substitute(statement: exp.Expr, values: dict[str, exp.Expr]) -> exp.Expr:
    """Replace `$name` by the variable's value, except in COPY and stage queries' `$1`."""
    for parameter in list(statement.find_all(exp.Parameter)):
        if not isinstance(parameter.this, exp.Var | exp.Identifier):
            continue
        name = parameter.this.name.upper()
        if name not in values:
            raise compilation(1008, f"Session variable '${name}' does not exist", "02000")
        parameter.replace(values[name].copy())
    return statement


def substitute_session(statement: exp.Expr, session: Session) -> exp.Expr:
    """Replace CURRENT_USER() and its like by what holds in this session."""
    for node in list(statement.find_all(exp.Func)):
        if node.key in _SESSION or (node.key == "anonymous" and node.name.upper() in _CALLS):
            name = _SESSION.get(node.key) or _CALLS[node.name.upper()]
            node.replace(_literal(getattr(session, name)))
    return statement


def _set(cursor: Cursor, statement: exp.Set) -> None:
    for item in statement.expressions:
        assignment = item.this
        if not isinstance(assignment, exp.EQ) or not isinstance(assignment.this, exp.Column):
            raise compilation(1003, "syntax error: SET needs name = expression.")
        name = assignment.this.name.upper()
        value = substitute(exp.Paren(this=assignment.expression.copy()), cursor._conn.values)
        with cursor._conn.reading():
            query = exp.select(exp.alias_(value, "VALUE", quoted=True))
            cursor._statements(substitute_session(query, cursor._conn), None)
        found = cursor.fetchone()
        cursor._conn.values[name] = _literal(cast("tuple[Any]", found)[0])
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


def _alter_session(cursor: Cursor, statement: exp.Alter) -> None:
    session = cursor._conn
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
