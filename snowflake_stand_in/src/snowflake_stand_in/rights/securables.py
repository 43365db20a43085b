"""What privileges can be granted on: the kinds of objects, their privileges, which there are."""

from __future__ import annotations

import re

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.sql.errors import compilation, error

_CREATED_IN_SCHEMA = (
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE STAGE",
    "CREATE FILE FORMAT",
    "CREATE SEQUENCE",
    "CREATE FUNCTION",
    "CREATE PROCEDURE",
    "CREATE PIPE",
    "CREATE STREAM",
    "CREATE TASK",
    "CREATE DYNAMIC TABLE",
    "CREATE EXTERNAL TABLE",
    "CREATE MATERIALIZED VIEW",
    "CREATE TEMPORARY TABLE",
    "CREATE SNOWFLAKE.CORE.BUDGET",
)

# Every kind and, beside OWNERSHIP, its privileges
KINDS: dict[str, tuple[str, ...]] = {
    "ACCOUNT": (
        "APPLY MASKING POLICY",
        "APPLY ROW ACCESS POLICY",
        "APPLY TAG",
        "CREATE DATABASE",
        "CREATE INTEGRATION",
        "CREATE NETWORK POLICY",
        "CREATE ROLE",
        "CREATE USER",
        "CREATE WAREHOUSE",
        "EXECUTE ALERT",
        "EXECUTE MANAGED TASK",
        "EXECUTE TASK",
        "MANAGE GRANTS",
        "MANAGE WAREHOUSES",
        "MONITOR",
        "MONITOR EXECUTION",
        "MONITOR USAGE",
    ),
    "DATABASE": ("APPLYBUDGET", "CREATE SCHEMA", "MODIFY", "MONITOR", "USAGE"),
    "SCHEMA": (*_CREATED_IN_SCHEMA, "MODIFY", "MONITOR", "USAGE"),
    "TABLE": (
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "TRUNCATE",
        "REFERENCES",
        "EVOLVE SCHEMA",
    ),
    "VIEW": ("SELECT", "REFERENCES"),
    "STAGE": ("USAGE", "READ", "WRITE"),
    "FILE FORMAT": ("USAGE",),
    "SEQUENCE": ("USAGE",),
    "PIPE": ("MONITOR", "OPERATE"),
    "TASK": ("MONITOR", "OPERATE"),
    "STREAM": ("SELECT",),
    "WAREHOUSE": ("APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"),
    "INTEGRATION": ("USAGE", "USE_ANY_ROLE"),
    "RESOURCE MONITOR": ("MODIFY", "MONITOR"),
    "NETWORK POLICY": (),
    "USER": ("MONITOR",),
    "ROLE": (),
}

_IN_SCHEMA = ("TABLE", "VIEW", "STAGE", "FILE FORMAT", "SEQUENCE", "PIPE", "TASK", "STREAM")
_FS = "_fs_global._fs_information_schema"
_HERE = "database_name = ? and schema_name = ?"
_LISTS = {
    "TABLE": f"select table_name from duckdb_tables() where {_HERE}",
    "VIEW": f"select view_name from duckdb_views() where {_HERE}",
    "SEQUENCE": f"select sequence_name from duckdb_sequences() where {_HERE}",
    "STAGE": f"select name from {_FS}._fs_stages where {_HERE}",
    "FILE FORMAT": f"select name from {_FS}._fs_file_formats where {_HERE}",
}
_SCHEMAS = (
    "select schema_name from duckdb_schemas() where database_name = ? and not internal"
    " and schema_name not in ('main', '_fs_information_schema')"
)


def singular(plural: str) -> str:
    """Return the kind that a plural (TABLES) is of."""
    kind = re.sub(r"\s+", " ", plural.strip().upper()).removesuffix("S")
    if kind not in (*_IN_SCHEMA, "SCHEMA"):
        raise compilation(1003, f"syntax error: unexpected '{plural}'.")
    return kind


def parts(text: str) -> list[str]:
    """Return the stored parts of a name: upper case unless quoted."""
    if match := re.fullmatch(r"identifier\('([^']+)'\)", text.strip(), re.IGNORECASE):
        text = match[1]
    return [
        part[1:-1] if part.startswith('"') else part.upper()
        for part in re.findall(r"\"[^\"]+\"|[^.\"]+", text.strip())
    ]


def full_name(session: Session, kind: str, text: str) -> str:
    """Return an object's full dotted name, given what is current in the session."""
    found = parts(text)
    wanted = 3 if kind in _IN_SCHEMA else 2 if kind == "SCHEMA" else 1
    current = [session.database, session.schema][: wanted - 1]
    missing = wanted - len(found)
    if missing < 0:
        raise compilation(1003, f"syntax error: '{text}' is no name of a {kind.lower()}.")
    before = current[:missing]
    if None in before:
        raise error(
            90105,
            "Cannot perform this statement. This session does not have a current database. "
            "Call 'USE DATABASE', or use a qualified name.",
        )
    return ".".join([*(part for part in before if part), *found])


def exists(cursor: Cursor, kind: str, name: str) -> bool:
    """Whether there is an object of this kind and full name."""
    access = cursor.session.account.service(Access)
    match kind:
        case "ACCOUNT":
            return True
        case "ROLE":
            return name in access.roles
        case "USER":
            return name in access.users
        case "DATABASE":
            return bool(
                cursor.rows("select 1 from _fs_global.main.databases where name = ?", [name])
            )
        case "SCHEMA":
            return name in listed(cursor, kind, name.partition(".")[0])
        case _ if kind in _LISTS:
            return name in listed(cursor, kind, name.rpartition(".")[0])
        case _:
            return name in access.owned(kind) or _recorded(cursor, kind, name)


def is_internal_stage(cursor: Cursor, name: str) -> bool:
    """Whether a full name is an internal stage's."""
    query = f"select url from {_FS}._fs_stages where {_HERE} and name = ?"
    found = cursor.rows(query, name.split("."))
    return found == [("",)]


def listed(cursor: Cursor, kind: str, container: str) -> list[str]:
    """Return the full names of the objects of a kind in a schema or database."""
    database, _, schema = container.partition(".")
    if kind == "SCHEMA":
        return [f"{database}.{name}" for (name,) in cursor.rows(_SCHEMAS, [database])]
    if not schema:
        schemas = listed(cursor, "SCHEMA", database)
        return [name for inner in schemas for name in listed(cursor, kind, inner)]
    if kind in _LISTS:
        found = [name for (name,) in cursor.rows(_LISTS[kind], [database, schema])]
        return [f"{container}.{name}" for name in found]
    owned = cursor.session.account.service(Access).owned(kind)
    return [name for name in owned if name.startswith(f"{container}.") and ".<" not in name]


def _recorded(cursor: Cursor, kind: str, name: str) -> bool:
    """Whether an object of the account was recorded before objects had owners."""
    found = cursor.rows(
        "select 1 from _fs_global.main.account_objects"
        " where (kind = ? or (? = 'INTEGRATION' and kind like '% INTEGRATION')) and name = ?",
        [kind, kind, name],
    )
    return bool(found)
