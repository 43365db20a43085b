"""Statements about roles, users and grants: CREATE, ALTER, DROP, GRANT, REVOKE and SHOW."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.engine.way import Kind, begins
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import (
    ACCOUNT,
    ADMIN,
    Access,
    Grant,
    Securable,
    active_roles,
    missing,
    require,
    require_grantor,
)
from snowflake_stand_in.rights.securables import KINDS, full_name
from snowflake_stand_in.sql.errors import compilation, error, unsupported
from snowflake_stand_in.sql.parsing import plain

_PART = r"(?:\"[^\"]+\"|[\w$]+)"
_NAME = rf"(?:identifier\('[^']+'\)|{_PART}(?:\.{_PART})*)"
_KIND = "|".join(sorted(KINDS, key=len, reverse=True))
_TO = rf"(?P<to_kind>role |user )?(?P<to>{_NAME})"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_CREATE = _pattern(
    rf"create (?P<replace>or replace )?(?P<kind>role|user) (?P<exists>if not exists )?"
    rf"(?P<name>{_NAME})(?P<rest>.*)"
)
_CHANGE = _pattern(
    rf"(?P<verb>alter|drop) (?P<kind>role|user) (?P<exists>if exists )?"
    rf"(?P<name>{_NAME})(?P<rest>.*)"
)
_ROLE = _pattern(
    rf"(?P<verb>grant|revoke) role (?P<role>{_NAME}) (?:to|from) "
    rf"(?P<to_kind>role|user) (?P<to>{_NAME})"
)
_GRANT = _pattern(
    r"(?P<verb>grant|revoke) (?P<only_option>grant option for )?(?P<privileges>[\w, ]+?) on "
    rf"(?:(?P<account>account)|(?P<some>all|future) (?P<plural>[\w ]+?) in "
    rf"(?P<inside>schema|database) (?P<container>{_NAME})|(?P<kind>{_KIND}) (?P<name>{_NAME})) "
    rf"(?:to|from) {_TO}(?P<rest>.*)"
)
_SHOW = _pattern(
    r"show (?:terse )?(?P<what>roles|users|future grants|grants)"
    r"(?: like '(?P<like>[^']*)')?(?P<rest>.*)"
)
_SHOW_GRANTS = _pattern(
    rf" (?:(?P<to>to|of) (?P<to_kind>role|user) (?P<grantee>{_NAME})"
    rf"|on (?:(?P<account>account)|(?P<kind>{_KIND}) (?P<name>{_NAME})))"
)
_SHOW_FUTURE = _pattern(
    rf" (?:in (?P<inside>schema|database) (?P<container>{_NAME})|to role (?P<role>{_NAME}))"
)
_PROPERTY = _pattern(r"(\w+) = ('(?:[^']|'')*'|\([^)]*\)|[\w.$]+|\"[^\"]+\")")
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


def _run(cursor: Cursor, text: str) -> None:
    written = re.sub(r"\s+", " ", plain(text)).replace("IDENTIFIER (", "IDENTIFIER(").rstrip(";")
    for pattern, run in (
        (_ROLE, _grant_role),
        (_GRANT, _grant),
        (_CREATE, _create),
        (_CHANGE, _change),
        (_SHOW, _show),
    ):
        if match := pattern.fullmatch(written):
            run(cursor, match)
            return
    first, second = written.split(" ")[:2]
    if first.upper() in ("GRANT", "REVOKE"):
        raise compilation(1003, f"syntax error: '{second}' in this GRANT or REVOKE.")
    raise unsupported(f"statements of {first.upper()}")


ROLE = Kind(
    "ROLE STATEMENT",
    begins(
        "grant|revoke|(?:create(?: or replace)?|alter|drop) (?:role|user)"
        "|show (?:terse )?(?:roles|users|future grants|grants)"
    ),
    _run,
)


# Roles and users


def _create(cursor: Cursor, match: re.Match[str]) -> None:
    session = cursor.session
    session.commit()
    access, kind, name = _access(cursor), match["kind"].upper(), _one(match["name"])
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
    access, kind, name = _access(cursor), match["kind"].upper(), _one(match["name"])
    if name not in (access.roles if kind == "ROLE" else access.users):
        if match["exists"]:
            cursor.succeed()
            return
        raise missing(kind, name)
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


def _properties(text: str) -> dict[str, str]:
    """Return properties by upper-case name; a password leaves only that there is one."""
    found = {}
    for key, value in _PROPERTY.findall(text):
        name = key.upper()
        if name == "PASSWORD":
            found["HAS_PASSWORD"] = "true"
        elif name in _KEPT_PROPERTIES:
            plain = value[1:-1] if value[0] in "'\"" else value
            names_object = name.startswith("DEFAULT_") and value[0] != '"'
            found[name] = plain.upper() if names_object else plain
    return found


# GRANT and REVOKE


def _grant_role(cursor: Cursor, match: re.Match[str]) -> None:
    session = cursor.session
    session.commit()
    access, role, to = _access(cursor), _one(match["role"]), _one(match["to"])
    to_kind = match["to_kind"].upper()
    _check_role(access, role)
    on = Securable("ROLE", role)
    require_grantor(session, "USAGE", on)
    if to_kind == "ROLE":
        _check_role(access, to)
    # Whoever is logged in exists, also without CREATE USER
    elif to not in access.users and to != session.user:
        raise missing("USER", to)
    if match["verb"].upper() == "REVOKE":
        access.revoke([g for g in access.on(*on) if g.key == ("USAGE", to_kind, to)])
    else:
        if to_kind == "ROLE" and to in access.inherited(role):
            raise compilation(3052, f"Cannot grant role '{role}' to '{to}': that is a cycle.")
        new = access.new("USAGE", on, to, session.role or ADMIN)
        access.grant([new._replace(to_kind=to_kind)])
    cursor.succeed()


def _grant(cursor: Cursor, match: re.Match[str]) -> None:
    session = cursor.session
    session.commit()
    access = _access(cursor)
    if (match["to_kind"] or "role ").strip().upper() == "USER":
        raise unsupported("privileges granted to a user: grant them to a role")
    role = _one(match["to"])
    _check_role(access, role)
    kind, objects = _objects(cursor, match)
    privileges = _privileges(match["privileges"], kind)
    for on in objects:
        for privilege in privileges:
            require_grantor(session, privilege, _grantor_of(on))
    if match["verb"].upper() == "REVOKE":
        _revoke(access, objects, privileges, role, only_option=bool(match["only_option"]))
    elif privileges == ["OWNERSHIP"]:
        _give(cursor, objects, role, match)
    else:
        option = "with grant option" in match["rest"].lower()
        granted_by = session.role or ADMIN
        access.grant(
            access.new(privilege, on, role, granted_by, option=option)
            for on in objects
            for privilege in privileges
        )
    cursor.succeed()


def _revoke(
    access: Access, objects: list[Securable], privileges: list[str], role: str, *, only_option: bool
) -> None:
    found = [
        g
        for on in objects
        for g in access.on(*on)
        if g.privilege in privileges and (g.to_kind, g.grantee) == ("ROLE", role)
    ]
    access.revoke(found)
    if only_option:
        access.grant(g._replace(option=False) for g in found)


def _give(cursor: Cursor, objects: list[Securable], role: str, match: re.Match[str]) -> None:
    """Run GRANT OWNERSHIP: an object's other grants have to be revoked or copied."""
    access = _access(cursor)
    rest = match["rest"].lower()
    for on in objects:
        others = [g for g in access.on(*on) if g.privilege != "OWNERSHIP" and on.kind != "ROLE"]
        if others and "current grants" not in rest:
            raise error(
                3004,
                "SQL execution error: Dependent grant of privilege "
                f"'{others[0].privilege}' on securable '{on.name}' to role "
                f"'{others[0].grantee}' exists. It must be revoked first. More than one dependent "
                "grant may exist: use 'SHOW GRANTS' command to view them. To revoke all "
                "dependent grants while transferring object ownership, use convenience command "
                "'GRANT OWNERSHIP ON <target_objects> TO <target_role> REVOKE CURRENT GRANTS'.",
            )
        access.give(on, role, revoked=others if "revoke current grants" in rest else [])


def _objects(cursor: Cursor, match: re.Match[str]) -> tuple[str, list[Securable]]:
    """Return what a GRANT or REVOKE is about; objects that aren't there are an error."""
    session = cursor.session
    if match["account"]:
        return "ACCOUNT", [ACCOUNT]
    if match["some"]:
        kind = securables.singular(match["plural"])
        inside = match["inside"].upper()
        container = Securable(inside, full_name(session, inside, match["container"]))
        _check_exists(cursor, container)
        if match["some"].upper() == "FUTURE":
            return kind, [Securable(kind, f"{container.name}.<{kind}>")]
        return kind, [Securable(kind, n) for n in securables.listed(cursor, kind, container.name)]
    kind = match["kind"].upper()
    on = Securable(kind, full_name(session, kind, match["name"]))
    _check_exists(cursor, on)
    return kind, [on]


def _grantor_of(on: Securable) -> Securable:
    """Return the object whose owner may grant: a container's for future grants."""
    container, future, _ = on.name.partition(".<")
    if not future:
        return on
    return Securable("SCHEMA" if "." in container else "DATABASE", container)


def _privileges(text: str, kind: str) -> list[str]:
    given = [re.sub(r"\s+", " ", part.strip().upper()) for part in text.split(",")]
    known = KINDS[kind]
    if given in (["ALL"], ["ALL PRIVILEGES"]):
        return list(known)
    for privilege in given:
        if privilege not in known and (privilege != "OWNERSHIP" or kind == "ACCOUNT"):
            raise compilation(
                1003, f"syntax error: no privilege '{privilege}' on a {kind.lower()}."
            )
    return given


# SHOW


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
    session, access = cursor.session, _access(cursor)
    text = rest if rest.strip() else f' to user "{session.user}"'
    match = _SHOW_GRANTS.fullmatch(text)
    if match is None:
        raise unsupported(f"SHOW GRANTS{rest}")
    if match["to"] is None:
        kind = "ACCOUNT" if match["account"] else match["kind"].upper()
        on = Securable(kind, "" if match["account"] else full_name(session, kind, match["name"]))
        _check_exists(cursor, on)
        require(session, None, *on)
        _answer_grants(cursor, access.on(*on))
        return
    name, to_kind = _one(match["grantee"]), match["to_kind"].upper()
    if to_kind == "ROLE":
        _check_role(access, name)
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
    session, access = cursor.session, _access(cursor)
    match = _SHOW_FUTURE.fullmatch(rest)
    if match is None:
        raise unsupported(f"SHOW FUTURE GRANTS{rest}")
    if match["role"]:
        found = [g for g in access.to("ROLE", _one(match["role"])) if ".<" in g.on.name]
    else:
        inside = match["inside"].upper()
        container = full_name(session, inside, match["container"])
        _check_exists(cursor, Securable(inside, container))
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
    session, access = cursor.session, _access(cursor)
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
    access = _access(cursor)
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


# Names


def _access(cursor: Cursor) -> Access:
    return cursor.session.account.service(Access)


def _one(text: str) -> str:
    """Return the stored form of a name without containers."""
    return ".".join(securables.parts(text))


def _check_role(access: Access, role: str) -> None:
    if role not in access.roles:
        raise missing("ROLE", role)


def _check_exists(cursor: Cursor, on: Securable) -> None:
    if not securables.exists(cursor, on.kind, on.name):
        raise missing(*on)
