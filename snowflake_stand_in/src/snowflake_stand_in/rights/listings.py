"""SHOW of roles, users and grants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import Grant, Securable
from snowflake_stand_in.rights.patterns import (
    KIND,
    NAME,
    check_exists,
    check_role,
    one_line,
    pattern,
    stored,
)
from snowflake_stand_in.rights.requirements import active_roles, missing, require
from snowflake_stand_in.rights.securables import KINDS, full_name
from snowflake_stand_in.sql.errors import unsupported

_SHOW = pattern(
    r"show (?:terse )?(?P<what>roles|users|future grants|grants)"
    r"(?: like '(?P<like>[^']*)')?(?P<rest>.*)"
)
_SHOW_GRANTS = pattern(
    rf" (?:(?P<to>to|of) (?P<to_kind>role|user) (?P<grantee>{NAME})"
    rf"|on (?:(?P<account>account)|(?P<kind>{KIND}) (?P<name>{NAME})))"
)
_SHOW_FUTURE = pattern(
    rf" (?:in (?P<inside>schema|database) (?P<container>{NAME})|to role (?P<role>{NAME}))"
)
_GRANT_COLUMNS = [
    "created_on",
    "privilege",
    "granted_on",
    "name",
    "granted_to",
    "grantee_name",
    "grant_option",
    "granted_by",
    "granted_by_role_type",
]
# Snowflake's columns; those of which nothing is known here are NULL
_USER_COLUMNS = """
name created_on login_name display_name first_name last_name email mins_to_unlock days_to_expiry
comment disabled must_change_password snowflake_lock default_warehouse default_namespace
default_role default_secondary_roles ext_authn_duo ext_authn_uid mins_to_bypass_mfa owner
last_success_login expires_at_time locked_until_time has_password has_rsa_public_key type
"""


def _show(cursor: Cursor, match: re.Match[str]) -> None:
    what, like = match["what"].upper(), match["like"]
    if what == "ROLES":
        _show_roles(cursor, like)
    elif what == "USERS":
        _show_users(cursor, like)
    elif what == "FUTURE GRANTS":
        _show_future_grants(cursor, match["rest"])
    else:
        _show_grants(cursor, match["rest"])


def _show_grants(cursor: Cursor, rest: str) -> None:
    session, access = cursor.session, cursor.session.account.service(Access)
    text = rest if rest.strip() else f' to user "{session.user}"'
    match = _SHOW_GRANTS.fullmatch(text)
    if match is None:
        raise unsupported(f"SHOW GRANTS{rest}")
    if match["to"] is None:
        kind = "ACCOUNT" if match["account"] else match["kind"].upper()
        on = Securable(kind, "" if match["account"] else full_name(session, kind, match["name"]))
        check_exists(cursor, on)
        require(session, None, *on)
        _answer_grants(cursor, [g for g in access.on(*on) if g.to_kind != "SCHEMA"])
        return
    name, to_kind = stored(match["grantee"]), match["to_kind"].upper()
    if to_kind == "ROLE":
        check_role(access, name)
    elif name not in access.users and name != session.user:
        raise missing("USER", name)
    if match["to"].upper() == "TO" and to_kind == "ROLE":
        _answer_grants(cursor, [g for g in access.to("ROLE", name) if ".<" not in g.on.name])
        return
    members = access.to("USER", name) if to_kind == "USER" else access.on("ROLE", name)
    _answer(
        cursor,
        ["created_on", "role", "granted_to", "grantee_name", "granted_by"],
        [
            (g.created_on, g.on.name, g.to_kind, g.grantee, g.granted_by)
            for g in members
            if g.privilege == "USAGE"
        ],
    )


def _answer_grants(cursor: Cursor, grants: list[Grant]) -> None:
    _answer(
        cursor,
        _GRANT_COLUMNS,
        [
            (
                g.created_on,
                g.privilege,
                g.on.kind.replace(" ", "_"),
                g.on.name,
                g.to_kind,
                g.grantee,
                str(g.option).lower(),
                g.granted_by,
                "ROLE" if g.granted_by else "",
            )
            for g in grants
        ],
    )


def _show_future_grants(cursor: Cursor, rest: str) -> None:
    session, access = cursor.session, cursor.session.account.service(Access)
    match = _SHOW_FUTURE.fullmatch(rest)
    if match is None:
        raise unsupported(f"SHOW FUTURE GRANTS{rest}")
    if match["role"]:
        found = [g for g in access.to("ROLE", stored(match["role"])) if ".<" in g.on.name]
    else:
        inside = match["inside"].upper()
        container = full_name(session, inside, match["container"])
        check_exists(cursor, Securable(inside, container))
        found = [g for kind in KINDS for g in access.on(kind, f"{container}.<{kind}>")]
    _answer(
        cursor,
        ["created_on", "privilege", "grant_on", "name", "grant_to", "grantee_name", "grant_option"],
        [
            (
                g.created_on,
                g.privilege,
                g.on.kind.replace(" ", "_"),
                g.on.name,
                g.to_kind,
                g.grantee,
                str(g.option).lower(),
            )
            for g in found
        ],
    )


def _show_roles(cursor: Cursor, like: str | None) -> None:
    session, access = cursor.session, cursor.session.account.service(Access)
    rows = []
    for name, role in sorted(access.roles.items()):
        given = [g for g in access.on("ROLE", name) if g.privilege == "USAGE"]
        current = name == (session.role or "PUBLIC")
        rows.append(
            (
                role.created_on,
                name,
                "Y" if name == access.default_role(session.user) else "N",
                "Y" if current else "N",
                "Y" if not current and name in active_roles(session) else "N",
                sum(g.to_kind == "USER" for g in given),
                sum(g.to_kind == "ROLE" for g in given),
                len(access.roles_of("ROLE", name)),
                next(
                    (g.grantee for g in access.on("ROLE", name) if g.privilege == "OWNERSHIP"), ""
                ),
                role.comment,
            )
        )
    columns = (
        "created_on name is_default is_current is_inherited assigned_to_users granted_to_roles "
        "granted_roles owner comment"
    )
    _answer(cursor, columns.split(), [row for row in rows if _like(row[1], like)])


def _show_users(cursor: Cursor, like: str | None) -> None:
    access = cursor.session.account.service(Access)
    rows = []
    for name, user in sorted(access.users.items()):
        shown: dict[str, Any] = {key.lower(): value for key, value in user.properties.items()}
        shown = {"login_name": name, "display_name": name, "disabled": "false"} | shown
        shown |= {
            "name": name,
            "created_on": user.created_on,
            "owner": access.owner("USER", name),
            "has_password": shown.get("has_password", "false"),
            "has_rsa_public_key": str("RSA_PUBLIC_KEY" in user.properties).lower(),
        }
        if _like(name, like):
            rows.append(tuple(shown.get(column) for column in _USER_COLUMNS.split()))
    _answer(cursor, _USER_COLUMNS.split(), rows)


def _answer(cursor: Cursor, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    def kind(column: str) -> pa.DataType:
        if column == "created_on":
            return pa.timestamp("us", tz="UTC")
        counts = ("assigned_to_users", "granted_to_roles", "granted_roles")
        return pa.int64() if column in counts else pa.string()

    arrays = [
        pa.array([row[position] for row in rows], kind(column))
        for position, column in enumerate(columns)
    ]
    cursor.answer_table(pa.table(arrays, names=list(columns)))


def _like(name: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    regex = re.escape(pattern).replace("%", ".*").replace("_", ".")
    return re.fullmatch(regex, name, re.IGNORECASE) is not None


def _run(cursor: Cursor, text: str) -> None:
    match = _SHOW.fullmatch(one_line(text))
    if match is None:
        raise unsupported("this form of SHOW of roles, users and grants")
    _show(cursor, match)


RIGHTS = Kind(
    "SHOW OF RIGHTS",
    begins("show (?:terse )?(?:roles|users|future grants|grants)"),
    _run,
)
