"""Objects of the account (warehouses, monitors, integrations …): recorded, not acted on.

They are kept without secrets and listed by SHOW.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa  # type: ignore[import-untyped]
from sqlglot import exp

from snowflake_stand_in.catalog import account_listing
from snowflake_stand_in.catalog.account_listing import AccountObject
from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN, Securable
from snowflake_stand_in.rights.requirements import active_roles, missing, require, require_owner
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.parsing import plain

_KINDS = (
    "RESOURCE MONITOR",
    "STORAGE INTEGRATION",
    "NOTIFICATION INTEGRATION",
    "SECURITY INTEGRATION",
    "API INTEGRATION",
    "NETWORK POLICY",
    "INTEGRATION",
    "WAREHOUSE",
)
_KIND = "|".join(kind.replace(" ", r"\s+") for kind in _KINDS)
_NAME = r"(?P<name>(?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))*)"
_CREATE = re.compile(
    rf"create\s+(?P<replace>or\s+replace\s+)?(?P<kind>{_KIND})\s+"
    rf"(?P<exists>if\s+not\s+exists\s+)?{_NAME}",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    rf"(?P<verb>alter|drop)\s+(?P<kind>{_KIND})\s+(?P<exists>if\s+exists\s+)?{_NAME}", re.IGNORECASE
)
_SHOW = re.compile(rf"show\s+(?P<kind>{_KIND})s(?:\s+like\s+'(?P<like>[^']*)')?", re.IGNORECASE)
_SECRET = re.compile(
    r"((?:password|secret|token|private_key|sas_token|credential\w*)\w*\s*=\s*)('[^']*'|[^\s(']\S*)",
    re.IGNORECASE,
)


def hide_secrets(text: str) -> str:
    """Return a statement's text with its secrets hidden, as Snowflake keeps it."""
    return _SECRET.sub(r"\1'********'", text)


_NEGATIVE = re.compile(r"\b(auto_suspend)\s*=\s*(-\s*\d+)", re.IGNORECASE)

# What tells SHOW its columns where there are no rows
_NONE = AccountObject("", "", datetime.fromtimestamp(0, UTC), "", "")

_UPSERT = """
insert or replace into _fs_global.main.account_objects
values (?, ?, now(), ?)
"""


def _run(cursor: Cursor, text: str) -> None:
    written = re.sub(r"\s+", " ", plain(text))
    if negative := _NEGATIVE.search(written):
        raise compilation(
            1422, f"invalid value [{negative[2]}] for parameter '{negative[1].upper()}'", "22023"
        )
    if match := _CREATE.match(written):
        _create(cursor, match, written)
    elif match := _CHANGE.match(written):
        _change(cursor, match, written)
    elif match := _SHOW.match(written):
        _show(cursor, match)
    else:
        raise unsupported(f"statements of {written.split(' ')[0].upper()}")


ACCOUNT_OBJECT = Kind(
    "ACCOUNT OBJECT STATEMENT",
    begins(rf"(?:create(?: or replace)?|alter|drop) (?:{_KIND})|show (?:{_KIND})s"),
    _run,
)


def _kind(match: re.Match[str]) -> str:
    return re.sub(r"\s+", " ", match["kind"].upper())


def _exact_kind(cursor: Cursor, kind: str, name: str) -> str:
    """Return which kind of integration it is, where a statement doesn't say."""
    if kind != "INTEGRATION":
        return kind
    found = cursor.rows(
        "select kind from _fs_global.main.account_objects "
        "where kind like '%INTEGRATION' and name = ?",
        [name],
    )
    return str(found[0][0]) if found else kind


def _name(match: re.Match[str]) -> str:
    return ".".join(
        part[1:-1] if part.startswith('"') else part.upper()
        for part in re.findall(r"\"[^\"]+\"|[\w$]+", match["name"])
    )


def _definition(cursor: Cursor, kind: str, name: str) -> str | None:
    found = cursor.rows(
        "select definition from _fs_global.main.account_objects where kind = ? and name = ?",
        [kind, name],
    )
    return str(found[0][0]) if found else None


def _create(cursor: Cursor, match: re.Match[str], text: str) -> None:
    cursor.session.commit()
    session = cursor.session
    kind, name = _kind(match), _name(match)
    on = _securable(cursor, kind, match["name"])
    require(session, *_creating(on))
    known = _definition(cursor, kind, name) is not None
    if known and match["exists"]:
        cursor.succeed(f"{name} already exists, statement succeeded.")
        return
    if known and not match["replace"]:
        raise compilation(2002, f"Object '{name}' already exists.", "42710")
    if known:
        require_owner(session, *on)
    cursor.rows(_UPSERT, [kind, name, hide_secrets(text)])
    session.account.service(Access).created(*on, session.role or ADMIN)
    cursor.succeed(f"{kind.capitalize()} {name} successfully created.")


def _change(cursor: Cursor, match: re.Match[str], text: str) -> None:
    cursor.session.commit()
    name = _name(match)
    kind = _exact_kind(cursor, _kind(match), name)
    known = _definition(cursor, kind, name)
    dropped = match["verb"].upper() == "DROP"
    on = _securable(cursor, kind, match["name"])
    if known is None and not match["exists"]:
        raise missing(*on)
    if known is not None:
        require(cursor.session, _changing(on.kind, text), *on)
    if "resource_monitor" in text.lower():
        require(cursor.session, "CREATE RESOURCE MONITOR", *ACCOUNT)
    if dropped:
        cursor.rows(
            "delete from _fs_global.main.account_objects where kind = ? and name = ?", [kind, name]
        )
        cursor.session.account.service(Access).dropped(*on)
        cursor.succeed(f"{name} successfully dropped.")
        return
    if known is not None:
        cursor.rows(_UPSERT, [kind, name, f"{known};\n{hide_secrets(text)}"])
    cursor.succeed()


def _securable(cursor: Cursor, kind: str, name: str) -> Securable:
    own = "INTEGRATION" if kind.endswith("INTEGRATION") else kind
    return Securable(own, securables.full_name(cursor.session, own, name))


def _creating(on: Securable) -> tuple[str, str, str]:
    """Return the privilege that creates an object, and what it is held on."""
    container = on.containers[-1] if on.containers else ACCOUNT
    return (f"CREATE {on.kind}", *container)


def _changing(kind: str, text: str) -> str:
    """Return the privilege that an ALTER or DROP needs."""
    words = text.upper().split()
    if words[0] == "ALTER" and kind == "RESOURCE MONITOR":
        return "MODIFY"
    if words[0] == "ALTER" and kind == "WAREHOUSE":
        return "MODIFY" if "SET" in words or "UNSET" in words else "OPERATE"
    return "OWNERSHIP"


def _show(cursor: Cursor, match: re.Match[str]) -> None:
    kind = _kind(match)
    wanted = f"%{kind}" if kind == "INTEGRATION" else kind
    like = (match["like"] or "%").replace("'", "''")
    access, roles = cursor.session.account.service(Access), active_roles(cursor.session)
    visible = "true"
    if ADMIN not in roles:
        own = [name.rpartition(".")[2] for name in access.visible(roles, kind)]
        quoted = ", ".join(exp.Literal.string(name).sql(dialect="duckdb") for name in own)
        visible = f"name in ({quoted or 'null'})"
    found = [
        AccountObject(of, name, created, text, access.owner(*_securable(cursor, of, name)))
        for of, name, created, text in cursor.rows(
            "select kind, name, created_on, definition from _fs_global.main.account_objects "
            f"where kind like '{wanted}' and name ilike '{like}' and {visible} order by name"
        )
    ]
    match kind:
        case "WAREHOUSE":
            rows = [account_listing.warehouse(f, cursor.session.warehouse) for f in found]
            columns = account_listing.warehouse(_NONE, None)
        case "RESOURCE MONITOR":
            rows = [account_listing.resource_monitor(f) for f in found]
            columns = account_listing.resource_monitor(_NONE)
        case _ if kind.endswith("INTEGRATION"):
            rows = [account_listing.integration(f) for f in found]
            columns = account_listing.integration(_NONE)
        case _:
            raise unsupported(f"SHOW {kind}S")
    table = {
        name: pa.array([row[name] for row in rows], _types(value))
        for name, value in columns.items()
    }
    cursor.answer_table(pa.table(table))


def _types(value: object) -> pa.DataType:
    if isinstance(value, datetime):
        return pa.timestamp("us", "UTC")
    return pa.int64() if isinstance(value, int) else pa.string()
