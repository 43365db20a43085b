"""Statements about roles and users: CREATE, ALTER and DROP."""

from __future__ import annotations

import re

from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN
from snowflake_stand_in.rights.patterns import NAME, one_line, pattern, stored
from snowflake_stand_in.rights.requirements import missing, require
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.parameters import PARAMETERS, checked

_CREATE = pattern(
    rf"create (?P<replace>or replace )?(?P<kind>role|user) (?P<exists>if not exists )?"
    rf"(?P<name>{NAME})(?P<rest>.*)"
)
_CHANGE = pattern(
    rf"(?P<verb>alter|drop) (?P<kind>role|user) (?P<exists>if exists )?"
    rf"(?P<name>{NAME})(?P<rest>.*)"
)
_PROPERTY = pattern(r"(\w+) ?= ?('(?:[^']|'')*'|\([^)]*\)|[\w.$]+|\"[^\"]+\")")
_KEPT_PROPERTIES = {
    "COMMENT",
    "DEFAULT_NAMESPACE",
    "DEFAULT_ROLE",
    "DEFAULT_SECONDARY_ROLES",
    "DEFAULT_WAREHOUSE",
    "DISABLED",
    "DISPLAY_NAME",
    "EMAIL",
    "FIRST_NAME",
    "LAST_NAME",
    "LOGIN_NAME",
    "RSA_PUBLIC_KEY",
    "RSA_PUBLIC_KEY_2",
    "TYPE",
}


def _create(cursor: Cursor, match: re.Match[str]) -> None:
    session = cursor.session
    session.commit()
    access, kind, name = (
        cursor.session.account.service(Access),
        match["kind"].upper(),
        stored(match["name"]),
    )
    require(session, f"CREATE {kind}", *ACCOUNT)
    known = name in (access.roles if kind == "ROLE" else access.users)
    if known and match["exists"]:
        cursor.succeed(f"{name} already exists, statement succeeded.")
        return
    if known and not match["replace"]:
        raise compilation(2002, f"Object '{name}' already exists.", "42710")
    if known:
        require(session, "OWNERSHIP", kind, name)
    owner = session.role or ADMIN
    properties = _properties(match["rest"])
    if kind == "ROLE":
        if known:
            access.drop_role(name, owner)
        access.create_role(name, owner, properties.get("COMMENT", ""))
    else:
        if known:
            access.drop_user(name)
        access.set_user(name, properties)
        access.created("USER", name, owner)
    cursor.succeed(f"{kind.capitalize()} {name} successfully created.")


def _change(cursor: Cursor, match: re.Match[str]) -> None:
    session = cursor.session
    session.commit()
    access, kind, name = (
        cursor.session.account.service(Access),
        match["kind"].upper(),
        stored(match["name"]),
    )
    if name not in (access.roles if kind == "ROLE" else access.users):
        if match["exists"]:
            cursor.succeed()
            return
        raise missing(kind, name)
    if not _is_own_setting(session.user, kind, match):
        require(session, "OWNERSHIP", kind, name)
    if match["verb"].upper() == "DROP":
        if kind == "ROLE":
            access.drop_role(name, session.role or ADMIN)
        else:
            access.drop_user(name)
        cursor.succeed(f"{name} successfully dropped.")
        return
    words = match["rest"].strip().split(" ")
    action = words[0].upper()
    if action not in ("SET", "UNSET"):
        raise unsupported(f"ALTER {kind} … {action}")
    changed = _properties(match["rest"])
    dropped = {word.strip(",").upper() for word in words[1:]} if action == "UNSET" else set()
    if kind == "ROLE":
        access.change_role(name, "" if dropped else changed.get("COMMENT", ""))
    else:
        known = access.users[name].properties
        kept = {key: value for key, value in known.items() if key not in dropped}
        access.set_user(name, kept | changed)
    cursor.succeed()


def _is_own_setting(user: str, kind: str, match: re.Match[str]) -> bool:
    """Whether a user changes parameters of its own, for which it needs no right."""
    words = match["rest"].strip().split(" ")
    names = [key for key, _ in _PROPERTY.findall(match["rest"])] or words[1:]
    return (
        match["verb"].upper() == "ALTER"
        and (kind, stored(match["name"])) == ("USER", user)
        and words[0].upper() in ("SET", "UNSET")
        and all(name.strip(",").upper() in PARAMETERS for name in names)
    )


def _properties(text: str) -> dict[str, str]:
    """Return properties by upper-case name; a password leaves only that there is one."""
    found = {}
    for key, value in _PROPERTY.findall(text):
        name = key.upper()
        if name == "PASSWORD":
            found["HAS_PASSWORD"] = "true"
        elif name in PARAMETERS:
            found[name] = checked(name, value[1:-1] if value[0] in "'\"" else value)
        elif name in _KEPT_PROPERTIES:
            plain = value[1:-1] if value[0] in "'\"" else value
            names_object = name.startswith("DEFAULT_") and value[0] != '"'
            found[name] = plain.upper() if names_object else plain
    return found


def _run(cursor: Cursor, text: str) -> None:
    written = one_line(text)
    if match := _CREATE.fullmatch(written):
        _create(cursor, match)
    elif match := _CHANGE.fullmatch(written):
        _change(cursor, match)
    else:
        raise unsupported(f"statements of {written.split(' ')[0].upper()}")


ROLE = Kind(
    "ROLE OR USER STATEMENT",
    begins("(?:create(?: or replace)?|alter|drop) (?:role|user)"),
    _run,
)
