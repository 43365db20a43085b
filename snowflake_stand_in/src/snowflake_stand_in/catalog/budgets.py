"""Budgets, instances of SNOWFLAKE.CORE.BUDGET: they keep their settings, and count nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import require
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.parsing import plain

_CREATE = re.compile(
    r"create\s+(or\s+replace\s+)?snowflake\.core\.budget\s+(if\s+not\s+exists\s+)?([\w.$]+)\s*\(\s*\)",
    re.I,
)
_CALL = re.compile(r"call\s+([\w.$]+)!(\w+)\s*\((.*)\)", re.I | re.S)
_REFERENCE = re.compile(
    r"\(?(?:select\s+)?system\$reference\s*\(\s*'(\w+)'\s*,\s*'([\w.$]+)'\s*,\s*'session'\s*,"
    r"\s*'applybudget'\s*\)\)?",
    re.I | re.S,
)
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
    session = cursor.session
    name = securables.full_name(session, "TABLE", match[3])
    require(session, "CREATE SNOWFLAKE.CORE.BUDGET", "SCHEMA", name.rpartition(".")[0])
    require(session, "USAGE", "DATABASE ROLE", "SNOWFLAKE.BUDGET_CREATOR")
    session.commit()
    known = cursor.rows(f"select 1 from {_OBJECTS} where kind = 'BUDGET' and name = ?", [name])
    if known and not match[1]:
        if not match[2]:
            raise compilation(2002, f"Object '{name}' already exists.", "42710")
        cursor.succeed(f"{name} already exists, statement succeeded.")
        return
    _store(cursor, name, {})
    session.account.service(Access).created("BUDGET", name, session.role or ADMIN)
    cursor.succeed(f"Instance {name} successfully created.")


def _call(cursor: Cursor, written: str, method: str, argument: str) -> None:
    """Run a method. As Snowflake's own do, it tells of most failures in its result."""
    session = cursor.session
    name = securables.full_name(session, "TABLE", written)
    found = cursor.rows(
        f"select definition from {_OBJECTS} where kind = 'BUDGET' and name = ?", [name]
    )
    method = method.upper()
    if not found:
        raise compilation(2003, f"Budget '{name}' does not exist or not authorized.", "02000")
    require(session, "ADMIN ROLE", "BUDGET", name)
    settings = json.loads(found[0][0])
    argument = argument.strip()
    match method:
        case "SET_SPENDING_LIMIT":
            if not argument.isdecimal():
                raise compilation(1044, f"Invalid argument types for function '{method}'", "42P13")
            settings["limit"] = argument
            said = f"The spending limit has been updated to {argument} credits."
        case "SET_EMAIL_NOTIFICATIONS":
            settings["emails"] = argument
            said = _verify(session.account.service(Access), argument)
        case "ADD_RESOURCE":
            kind, resource = _resource(cursor, argument)
            settings.setdefault("resources", []).append([kind, resource])
            said = "Successfully added resource to resource group"
        case "GET_SPENDING_LIMIT":
            cursor.answer(f'select {settings.get("limit", "null")} as "{method}"')
            return
        case "GET_LINKED_RESOURCES":
            _answer_resources(cursor, settings.get("resources", []))
            return
        case _:
            raise compilation(2141, f"Unknown method {name}!{method}", "42601")
    session.commit()
    if said.startswith("Fail"):
        cursor.succeed(said)
        return
    _store(cursor, name, settings)
    cursor.succeed(said)


def _verify(access: Access, argument: str) -> str:
    """Return what SET_EMAIL_NOTIFICATIONS says: each address has to be a user's."""
    known = {user.properties.get("EMAIL", "").lower() for user in access.users.values()}
    wanted = [text.strip() for text in argument.strip("'").split(",")]
    unknown = [text for text in wanted if text.lower() not in known]
    if unknown:
        return f"Failed to update the email integration: {', '.join(unknown)} is not verified."
    return "The email integration is updated."


def _resource(cursor: Cursor, argument: str) -> tuple[str, str]:
    """Return the kind and name of a reference, which takes APPLYBUDGET."""
    match = _REFERENCE.fullmatch(argument)
    if match is None:
        raise unsupported("ADD_RESOURCE of anything but SYSTEM$REFERENCE(…, 'session', …)")
    kind = match[1].upper()
    name = securables.full_name(cursor.session, kind, match[2])
    require(cursor.session, "APPLYBUDGET", kind, name)
    return kind, name


def _answer_resources(cursor: Cursor, resources: list[list[str]]) -> None:
    columns = ("RESOURCE_ID", "NAME", "DOMAIN", "SCHEMA_NAME", "DATABASE_NAME")
    rows = [(index, name, kind, None, None) for index, (kind, name) in enumerate(resources)]
    kinds = [pa.int64()] + [pa.string()] * 4
    arrays = [pa.array([row[i] for row in rows], kinds[i]) for i in range(len(columns))]
    cursor.answer_table(pa.table(arrays, names=columns))


def _store(cursor: Cursor, name: str, settings: dict[str, Any]) -> None:
    cursor.rows(
        f"insert or replace into {_OBJECTS} values ('BUDGET', ?, now(), ?)",
        [name, json.dumps(settings)],
    )
