"""Who logs in, with which role.

A user whom no CREATE USER has made is an administrator, and is let in with any key.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fakesnow.expr import normalise_ident

from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.engine.session import Session
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.sql import parameters
from snowflake_stand_in.sql.errors import error

_KEYS = ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2")


def log_in(account: Account, data: dict[str, Any], asked: dict[str, str]) -> Session:
    """Open the session that a login request asks for, or raise Snowflake's error.

    A database, schema or warehouse that the role can't use is simply not current.
    """
    user = str(data.get("LOGIN_NAME") or "").upper()
    access = account.service(Access)
    _authenticate(access, user, data)
    role = _role(access, user, _stored(asked.get("roleName")))
    secondary = _secondary_roles(access, user)
    roles = access.active(user, role, secondary)

    def usable(kind: str, name: str) -> bool:
        return ADMIN in roles or bool(access.held(roles, kind, name))

    defaults = access.users[user].properties if user in access.users else {}
    default_database, _, default_schema = defaults.get("DEFAULT_NAMESPACE", "").partition(".")
    database = _stored(asked.get("databaseName")) or default_database
    schema = _stored(asked.get("schemaName")) or default_schema or "PUBLIC"
    warehouse = _stored(asked.get("warehouse")) or defaults.get("DEFAULT_WAREHOUSE", "")
    session = Session(
        account,
        database if usable("DATABASE", database) else None,
        schema if usable("SCHEMA", f"{database}.{schema}") else None,
    )
    session.user, session.role, session.secondary_roles = user, role, secondary
    session.user_parameters = parameters.among(defaults)
    for name, value in (data.get("SESSION_PARAMETERS") or {}).items():
        if value is not None:
            session.set_parameter(name.upper(), parameters.checked(name.upper(), value))
    session.follow_zone()
    session.account_name = str(data.get("ACCOUNT_NAME") or "").upper()
    if warehouse in access.owned("WAREHOUSE") and usable("WAREHOUSE", warehouse):
        session.warehouse = warehouse
    return session


def _authenticate(access: Access, user: str, data: dict[str, Any]) -> None:
    """Raise Snowflake's error if a login request isn't signed by the user's key, if it has one."""
    properties = access.users[user].properties if user in access.users else {}
    keys = [properties[name] for name in _KEYS if properties.get(name)]
    if properties.get("DISABLED", "").lower() == "true":
        raise error(390101, "User access disabled. Contact your local system administrator.")
    if not keys:
        return
    if str(data.get("AUTHENTICATOR", "")).upper() != "SNOWFLAKE_JWT":
        raise error(390100, "Incorrect username or password was specified.", "08001")
    if not any(_signed(str(data.get("TOKEN", "")), key, user) for key in keys):
        raise error(394304, "JWT token is invalid.", "08001")


def _role(access: Access, user: str, asked: str | None) -> str:
    """Return the role that a login gets; raise Snowflake's error if it may not have it."""
    role = asked or access.default_role(user)
    if not access.may_take(user, role):
        raise error(
            390189,
            f"Role '{role}' specified in the connect string does not exist or not authorized. "
            "Contact your local system administrator, or attempt to login with another role, "
            "e.g. PUBLIC.",
            "08001",
        )
    return role


def _secondary_roles(access: Access, user: str) -> tuple[str, ...] | None:
    """Return a login's secondary roles: all, unless DEFAULT_SECONDARY_ROLES = ()."""
    if user not in access.users:
        return ()
    default = access.users[user].properties.get("DEFAULT_SECONDARY_ROLES", "('ALL')")
    return None if "ALL" in default else ()


def _stored(name: str | None) -> str | None:
    return name and normalise_ident(name)


def _signed(token: str, key: str, user: str) -> bool:
    """Whether a JWT is `user`'s, signed by the private key of a public one (base64 of DER)."""
    try:
        public = load_der_public_key(base64.b64decode("".join(key.split())))
        claims = jwt.decode(token, public, ["RS256"], options={"verify_aud": False})  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, binascii.Error):
        return False
    return str(claims.get("sub", "")).upper().rpartition(".")[2] == user
