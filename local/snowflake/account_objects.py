"""Objects of the account (warehouses, roles, grants, pipes, tasks …): recorded, not acted on.

They are kept without secrets and listed by SHOW; a pipe never loads and a task never runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from local.snowflake.errors import compilation

if TYPE_CHECKING:
    from local.snowflake.cursor import Cursor

_KINDS = (
    "RESOURCE MONITOR",
    "STORAGE INTEGRATION",
    "NOTIFICATION INTEGRATION",
    "SECURITY INTEGRATION",
    "API INTEGRATION",
    "NETWORK POLICY",
    "INTEGRATION",
    "WAREHOUSE",
    "ROLE",
    "USER",
    "PIPE",
    "TASK",
    "STREAM",
)
_KIND = "|".join(kind.replace(" ", r"\s+") for kind in _KINDS)
_NAME = r"(?P<name>(?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))*)"
_CREATE = re.compile(
    rf"create\s+(?P<replace>or\s+(?:replace|alter)\s+)?(?P<kind>{_KIND})\s+"
    rf"(?P<exists>if\s+not\s+exists\s+)?{_NAME}",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    rf"(?P<verb>alter|drop)\s+(?P<kind>{_KIND})\s+(?P<exists>if\s+exists\s+)?{_NAME}", re.IGNORECASE
)
_SHOW = re.compile(
    rf"show\s+(?P<kind>{_KIND}|GRANT)s(?:\s+like\s+'(?P<like>[^']*)')?", re.IGNORECASE
)
_GRANT = re.compile(r"(grant|revoke)\s", re.IGNORECASE)
_SECRET = re.compile(
    r"((?:password|secret|token|private_key|sas_token|credential\w*)\w*\s*=\s*)('[^']*'|\S+)",
    re.IGNORECASE,
)

_UPSERT = """
insert or replace into _fs_global.main.account_objects
values (?, ?, now(), ?)
"""


def handle(cursor: Cursor, statement: exp.Expr) -> bool:
    """Record or list account objects; return whether the statement was about them."""
    text = re.sub(r"\s+", " ", statement.sql(dialect="snowflake", comments=False)).strip()
    if isinstance(statement, exp.Query | exp.DML):
        return False
    if match := _CREATE.match(text):
        _create(cursor, match, text)
    elif match := _CHANGE.match(text):
        _change(cursor, match, text)
    elif _GRANT.match(text):
        cursor._conn.commit()
        cursor.rows(_UPSERT, ["GRANT", text, text])
        cursor.succeed()
    elif match := _SHOW.match(text):
        _show(cursor, match)
    else:
        return False
    return True


def _kind(match: re.Match[str]) -> str:
    return re.sub(r"\s+", " ", match["kind"].upper())


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
    cursor._conn.commit()
    kind, name = _kind(match), _name(match)
    known = _definition(cursor, kind, name) is not None
    if known and match["exists"]:
        cursor.succeed(f"{name} already exists, statement succeeded.")
        return
    if known and not match["replace"]:
        raise compilation(2002, f"Object '{name}' already exists.", "42710")
    cursor.rows(_UPSERT, [kind, name, _SECRET.sub(r"\1'********'", text)])
    cursor.succeed(f"{kind.capitalize()} {name} successfully created.")


def _change(cursor: Cursor, match: re.Match[str], text: str) -> None:
    cursor._conn.commit()
    kind, name = _kind(match), _name(match)
    known = _definition(cursor, kind, name)
    dropped = match["verb"].upper() == "DROP"
    # The login's own user and warehouse exist without having been created here
    assumed = not dropped and kind in ("USER", "WAREHOUSE")
    if known is None and not match["exists"] and not assumed:
        raise compilation(2003, f"{kind} '{name}' does not exist or not authorized.", "02000")
    if dropped:
        cursor.rows(
            "delete from _fs_global.main.account_objects where kind = ? and name = ?", [kind, name]
        )
        cursor.succeed(f"{name} successfully dropped.")
        return
    if known is not None or not match["exists"]:
        added = _SECRET.sub(r"\1'********'", text)
        definition = f"{known};\n{added}" if known else added
        cursor.rows(_UPSERT, [kind, name, definition])
    cursor.succeed()


def _show(cursor: Cursor, match: re.Match[str]) -> None:
    kind = _kind(match)
    wanted = f"%{kind}" if kind == "INTEGRATION" else kind
    like = (match["like"] or "%").replace("'", "''")
    cursor.answer(
        'select created_on as "created_on", name as "name", kind as "kind", '
        'definition as "definition" from _fs_global.main.account_objects '
        f"where kind like '{wanted}' and name ilike '{like}' order by name"
    )
