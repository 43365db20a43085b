"""Snowflake's errors for a session whose roles lack a privilege."""

from __future__ import annotations

from snowflake.connector.errors import ProgrammingError

from snowflake_stand_in.engine.session import Session
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN, RELATIONS, Securable
from snowflake_stand_in.sql.errors import compilation, error


def active_roles(session: Session, *, primary_only: bool = False) -> frozenset[str]:
    """Return the roles whose privileges a session has: its role's, and its secondary roles'."""
    access = session.account.service(Access)
    secondary = () if primary_only else session.secondary_roles
    return access.active(session.user, session.role or "PUBLIC", secondary)


def require(
    session: Session, privilege: str | None, kind: str, name: str, written: str | None = None
) -> None:
    """Raise Snowflake's error unless the session's roles hold a privilege on an object.

    Ownership implies every privilege; None asks for any at all. `written` is the name as the
    statement has it. Only the primary role creates objects.
    """
    creates = privilege is not None and privilege.startswith("CREATE ")
    roles = active_roles(session, primary_only=creates)
    if ADMIN in roles:
        return
    access = session.account.service(Access)
    on = Securable(kind, name)
    _require_containers(access, roles, on)
    held = access.held(roles, kind, name)
    if "OWNERSHIP" in held or privilege in held or (privilege is None and held):
        return
    if held or kind == "ACCOUNT":
        raise insufficient(kind, on.short)
    raise missing(kind, written or name)


def _require_containers(access: Access, roles: frozenset[str], on: Securable) -> None:
    for container in on.containers:
        # Any privilege will do: the reference's access control requirements
        if not access.held(roles, *container):
            raise missing(*container)


def require_owner(session: Session, kind: str, name: str) -> None:
    """Raise Snowflake's error unless the session may replace an object that is there."""
    roles = active_roles(session)
    held = session.account.service(Access).held(roles, kind, name)
    if ADMIN not in roles and "OWNERSHIP" not in held:
        raise insufficient(kind, Securable(kind, name).short)


def require_grantor(session: Session, privilege: str, on: Securable) -> None:
    """Raise Snowflake's error unless the session may grant or revoke `privilege` on an object.

    In a schema with managed access its owner decides, not the object's.
    """
    if _manages_grants(session):
        return
    roles = active_roles(session)
    access = session.account.service(Access)
    _require_containers(access, roles, on)
    schema = on.containers[-1] if on.containers else None
    if schema is not None and access.is_managed(schema):
        require_owner(session, *schema)
        return
    grants = access.on(*on)
    mine = [g for g in grants if g.to_kind == "ROLE" and g.grantee in roles]
    if any(g.option and g.privilege in (privilege, "OWNERSHIP") for g in mine):
        return
    if mine or on == ACCOUNT:
        raise insufficient(on.kind, on.short)
    raise missing(*on)


def require_future_grantor(session: Session, container: Securable) -> None:
    """Raise Snowflake's error unless the session may grant on what is yet to be made.

    That takes MANAGE GRANTS, or the ownership of a schema with managed access.
    """
    if _manages_grants(session):
        return
    if not session.account.service(Access).is_managed(container):
        raise insufficient("ACCOUNT", "")
    require(session, "OWNERSHIP", *container)


def _manages_grants(session: Session) -> bool:
    roles = active_roles(session)
    held = session.account.service(Access).held(roles, *ACCOUNT)
    return ADMIN in roles or "MANAGE GRANTS" in held


def insufficient(kind: str, name: str) -> ProgrammingError:
    """Make the error for an object that the role sees but may not use so."""
    return error(
        3001,
        "SQL access control error:\n"
        f"Insufficient privileges to operate on {kind.lower()} '{name or 'LOCAL'}'",
        "42501",
    )


def missing(kind: str, name: str) -> ProgrammingError:
    """Make the error for an object that isn't there, or that the role may not see."""
    if kind in RELATIONS:
        return compilation(2003, f"Object '{name}' does not exist or not authorized.", "42S02")
    return compilation(
        2003, f"{kind.capitalize()} '{name}' does not exist or not authorized.", "02000"
    )
