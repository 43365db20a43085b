"""GRANT and REVOKE, of roles and of privileges."""

from __future__ import annotations

import re

from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN, Securable
from snowflake_stand_in.rights.patterns import (
    KIND,
    NAME,
    check_exists,
    check_role,
    one_line,
    pattern,
    stored,
)
from snowflake_stand_in.rights.requirements import (
    missing,
    require_future_grantor,
    require_grantor,
)
from snowflake_stand_in.rights.securables import KINDS, full_name
from snowflake_stand_in.sql.errors import compilation, error, unsupported

_TO = rf"(?P<to_kind>role |user )?(?P<to>{NAME})"
_ROLE = pattern(
    rf"(?P<verb>grant|revoke) role (?P<role>{NAME}) (?:to|from) "
    rf"(?P<to_kind>role|user) (?P<to>{NAME})"
)
_GIVEN_ROLE = pattern(
    rf"grant (?:database role (?P<database_role>{NAME})"
    rf"|snowflake\.core\.budget role (?P<budget>{NAME}!\w+)) to role (?P<to>{NAME})"
)
DATABASE_ROLES = ("SNOWFLAKE.BUDGET_CREATOR",)
_GRANT = pattern(
    r"(?P<verb>grant|revoke) (?P<only_option>grant option for )?(?P<privileges>[\w., ]+?) on "
    rf"(?:(?P<account>account)|(?P<some>all|future) (?P<plural>[\w ]+?) in "
    rf"(?P<inside>schema|database) (?P<container>{NAME})|(?P<kind>{KIND}) (?P<name>{NAME})) "
    rf"(?:to|from) {_TO}(?P<rest>.*)"
)


def _grant_role(cursor: Cursor, match: re.Match[str]) -> None:
    session = cursor.session
    session.commit()
    access, role, to = (
        cursor.session.account.service(Access),
        stored(match["role"]),
        stored(match["to"]),
    )
    to_kind = match["to_kind"].upper()
    check_role(access, role)
    on = Securable("ROLE", role)
    require_grantor(session, "USAGE", on)
    if to_kind == "ROLE":
        check_role(access, to)
    # A user who is logged in exists, also without CREATE USER
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
    access = cursor.session.account.service(Access)
    if (match["to_kind"] or "role ").strip().upper() == "USER":
        raise unsupported("privileges granted to a user: grant them to a role")
    role = stored(match["to"])
    check_role(access, role)
    kind, objects = _objects(cursor, match)
    privileges = _privileges(match["privileges"], kind)
    for on in objects:
        container, future, _ = on.name.partition(".<")
        if future:
            inside = "SCHEMA" if "." in container else "DATABASE"
            require_future_grantor(session, Securable(inside, container))
            continue
        for privilege in privileges:
            require_grantor(session, privilege, on)
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
    access = cursor.session.account.service(Access)
    rest = match["rest"].lower()
    for on in objects:
        if not match["some"]:
            cursor.session.account.check_transfer(on.kind, on.name)
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
        check_exists(cursor, container)
        if match["some"].upper() == "FUTURE":
            return kind, [Securable(kind, f"{container.name}.<{kind}>")]
        return kind, [Securable(kind, n) for n in securables.listed(cursor, kind, container.name)]
    kind = match["kind"].upper()
    on = Securable(kind, full_name(session, kind, match["name"]))
    check_exists(cursor, on)
    return kind, [on]


def _privileges(text: str, kind: str) -> list[str]:
    parts = (re.sub(r"\s*\.\s*", ".", part.strip().upper()) for part in text.split(","))
    given = [re.sub(r"\s+", " ", part) for part in parts]
    known = KINDS[kind]
    if given in (["ALL"], ["ALL PRIVILEGES"]):
        return list(known)
    for privilege in given:
        if privilege not in known and (privilege != "OWNERSHIP" or kind == "ACCOUNT"):
            raise compilation(
                1003, f"syntax error: no privilege '{privilege}' on a {kind.lower()}."
            )
    return given


def _grant_given_role(cursor: Cursor, match: re.Match[str]) -> None:
    """Run GRANT of a role that Snowflake gives: of database SNOWFLAKE, or of a budget."""
    session = cursor.session
    session.commit()
    access, role = session.account.service(Access), stored(match["to"])
    check_role(access, role)
    if match["budget"]:
        name, _, of = match["budget"].partition("!")
        on = Securable("BUDGET", full_name(session, "TABLE", name))
        privilege = f"{of.upper()} ROLE"
        require_grantor(session, privilege, on)
    else:
        on, privilege = Securable("DATABASE ROLE", stored(match["database_role"])), "USAGE"
        if on.name not in DATABASE_ROLES:
            raise missing("DATABASE ROLE", on.name)
        require_grantor(session, privilege, on)
    access.grant([access.new(privilege, on, role, session.role or ADMIN)])
    cursor.succeed()


def _run(cursor: Cursor, text: str) -> None:
    written = one_line(text)
    if match := _ROLE.fullmatch(written):
        _grant_role(cursor, match)
    elif match := _GIVEN_ROLE.fullmatch(written):
        _grant_given_role(cursor, match)
    elif match := _GRANT.fullmatch(written):
        _grant(cursor, match)
    else:
        word = written.split(" ")[1]
        raise compilation(1003, f"syntax error: '{word}' in this GRANT or REVOKE.")


GRANT = Kind("GRANT OR REVOKE", begins("grant|revoke"), _run)
