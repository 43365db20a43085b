"""Budgets, instances of SNOWFLAKE.CORE.BUDGET: they keep their settings, and count nothing."""

from __future__ import annotations

import json
import re

from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.requirements import require
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.parsing import plain

_CREATE = re.compile(
    r"create\s+(or\s+replace\s+)?snowflake\.core\.budget\s+(if\s+not\s+exists\s+)?([\w.$]+)\s*\(\s*\)",
    re.I,
)
_CALL = re.compile(r"call\s+([\w.$]+)!(\w+)\s*\((.*)\)", re.I | re.S)
_SETTERS = ("SET_SPENDING_LIMIT", "SET_EMAIL_NOTIFICATIONS", "ADD_RESOURCE")
_OBJECTS = "_fs_global.main.account_objects"


def _run(cursor: Cursor, text: str) -> None:
    statement = plain(text)
    if match := _CREATE.fullmatch(statement):
        _create(cursor, match)
    elif match := _CALL.fullmatch(statement):
        _call(cursor, *match.groups())
    else:
        raise unsupported("procedures and scripting")


BUDGET = Kind(
    "BUDGET STATEMENT",
    begins(r"create (?:or replace )?snowflake\.core\.budget|call [\w.$]+!\w+"),
    _run,
)


def _create(cursor: Cursor, match: re.Match[str]) -> None:
    name = securables.full_name(cursor.session, "TABLE", match[3])
    require(cursor.session, "CREATE SNOWFLAKE.CORE.BUDGET", "SCHEMA", name.rpartition(".")[0])
    cursor.session.commit()
    known = cursor.rows(f"select 1 from {_OBJECTS} where kind = 'BUDGET' and name = ?", [name])
    if known and not match[1]:
        if not match[2]:
            raise compilation(2002, f"Object '{name}' already exists.", "42710")
        cursor.succeed(f"{name} already exists, statement succeeded.")
        return
    _store(cursor, name, {})
    cursor.succeed(f"Instance {name} successfully created.")


def _call(cursor: Cursor, written: str, method: str, argument: str) -> None:
    name = securables.full_name(cursor.session, "TABLE", written)
    require(cursor.session, "OWNERSHIP", "SCHEMA", name.rpartition(".")[0])
    found = cursor.rows(
        f"select definition from {_OBJECTS} where kind = 'BUDGET' and name = ?", [name]
    )
    method = method.upper()
    if not found:
        raise compilation(2003, f"Budget '{name}' does not exist or not authorized.", "02000")
    settings = json.loads(found[0][0])
    if method == "SET_SPENDING_LIMIT" and not argument.strip().isdecimal():
        raise compilation(1044, f"Invalid argument types for function '{method}'", "42P13")
    if method in _SETTERS:
        settings[method] = argument.strip()
        cursor.session.commit()
        _store(cursor, name, settings)
        cursor.succeed("The budget has been changed.")
    elif method == "GET_SPENDING_LIMIT":
        cursor.answer(f'select {settings.get("SET_SPENDING_LIMIT", "null")} as "{method}"')
    else:
        raise compilation(2141, f"Unknown method {name}!{method}", "42601")


def _store(cursor: Cursor, name: str, settings: dict[str, str]) -> None:
    cursor.rows(
        f"insert or replace into {_OBJECTS} values ('BUDGET', ?, now(), ?)",
        [name, json.dumps(settings)],
    )
