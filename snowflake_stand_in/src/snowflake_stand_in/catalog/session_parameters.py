"""ALTER SESSION and ALTER ACCOUNT of parameters, and SHOW PARAMETERS."""

from __future__ import annotations

import re

import pyarrow as pa  # type: ignore[import-untyped]
from sqlglot import exp

from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import missing
from snowflake_stand_in.sql import parameters
from snowflake_stand_in.sql.errors import compilation, error, unsupported
from snowflake_stand_in.sql.parameters import PARAMETERS

_STATEMENT = re.compile(r"alter\s+(session|account)\s+(set|unset)\s+(.*?)[\s;]*", re.I | re.S)
_SETTING = re.compile(r"\s*,?\s*(\w+)\s*=\s*('(?:[^']|'')*'|\"[^\"]*\"|[^\s,;]+)")
_SHOW = re.compile(
    r"parameters(?:\s+like\s+'(?P<like>(?:[^']|'')*)')?"
    r"(?:\s+(?:in|for)\s+(?P<level>session|account|user)(?:\s+(?P<name>[\w.\"]+))?)?[\s;]*",
    re.IGNORECASE,
)


def _run(cursor: Cursor, text: str) -> None:
    found = _STATEMENT.fullmatch(_without_comments(text))
    if found is None:
        raise unsupported("this form of ALTER SESSION and ALTER ACCOUNT")
    level, action, rest = found[1].upper(), found[2].upper(), found[3]
    if level == "ACCOUNT":
        _require_admin(cursor)
    changes = dict.fromkeys(_names(rest)) if action == "UNSET" else _settings(rest)
    for name, value in changes.items():
        if level == "SESSION":
            cursor.session.set_parameter(name, value)
        elif name not in PARAMETERS:
            raise unsupported(f"the parameter {name} of the account")
        else:
            cursor.session.account.set_parameter(name, value)
    cursor.session.follow_zone()
    cursor.succeed()


PARAMETER = Kind("PARAMETER STATEMENT", begins("alter (?:session|account) (?:set|unset)"), _run)


def _without_comments(text: str) -> str:
    return re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", _kept, text, flags=re.DOTALL).strip()


def _kept(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("'") else " "


def _names(text: str) -> list[str]:
    return [name.upper() for name in re.split(r"[\s,]+", text.strip()) if name]


def _settings(text: str) -> dict[str, str]:
    found, at = {}, 0
    while at < len(text):
        setting = _SETTING.match(text, at)
        if setting is None:
            raise compilation(1003, f"syntax error: unexpected '{text[at:].strip()}'.")
        at = setting.end()
        name, value = setting[1].upper(), setting[2]
        plain = value[1:-1].replace("''", "'") if value[0] in "'\"" else value
        found[name] = parameters.checked(name, plain)
    return found


def _require_admin(cursor: Cursor) -> None:
    session = cursor.session
    access = session.account.service(Access)
    roles = access.active(session.user, session.role or ADMIN, session.secondary_roles)
    if ADMIN not in roles:
        raise error(3001, "Insufficient privileges to operate on account", "42501")


def is_show(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is SHOW PARAMETERS."""
    return (
        isinstance(statement, exp.Command)
        and str(statement.this).upper() == "SHOW"
        and str(statement.expression).strip().lower().startswith("parameters")
    )


def run_show(cursor: Cursor, statement: exp.Command) -> None:
    """Run SHOW PARAMETERS: what holds, the default, and the level at which it was set."""
    found = _SHOW.fullmatch(_without_comments(str(statement.expression)))
    if found is None:
        raise unsupported("SHOW PARAMETERS of anything but the session, the account and users")
    levels = _levels(cursor, (found["level"] or "session").upper(), found["name"])
    rows = []
    for name, parameter in PARAMETERS.items():
        if found["like"] is not None and not _is_like(name, found["like"].replace("''", "'")):
            continue
        level, value = next(
            ((level, values[name]) for level, values in levels if name in values),
            ("", parameter.default),
        )
        rows.append((name, value, parameter.default, level, parameter.description, parameter.kind))
    names = ("key", "value", "default", "level", "description", "type")
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    arrays = [pa.array(column, pa.string()) for column in columns]
    cursor.answer_table(pa.table(arrays, names=names))


def _levels(cursor: Cursor, level: str, name: str | None) -> list[tuple[str, dict[str, str]]]:
    """Return where a value may come from, the nearest first."""
    session = cursor.session
    account = [("ACCOUNT", session.account.parameters)]
    if level == "ACCOUNT":
        return account
    if level == "SESSION":
        return [("SESSION", session.parameters), ("USER", session.user_parameters), *account]
    users = session.account.service(Access).users
    user = name.strip('"') if name and name.startswith('"') else (name or session.user).upper()
    if user not in users:
        if name:
            raise missing("USER", user)
        return account
    return [("USER", parameters.among(users[user].properties)), *account]


def _is_like(name: str, pattern: str) -> bool:
    written = re.escape(pattern).replace("%", ".*").replace("_", ".")
    return re.fullmatch(written, name, re.IGNORECASE | re.DOTALL) is not None
