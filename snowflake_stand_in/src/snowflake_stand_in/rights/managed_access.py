"""ALTER SCHEMA … ENABLE or DISABLE MANAGED ACCESS: who may grant on what is in a schema."""

from __future__ import annotations

import re

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import Securable
from snowflake_stand_in.rights.requirements import missing, require
from snowflake_stand_in.sql.parsing import altered

_ALTER = re.compile(
    r"\s*schema\s+(?:if\s+exists\s+)?(\S+)\s+(enable|disable)\s+managed\s+access\s*", re.I
)


def applies(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is one of these."""
    return altered(statement, _ALTER) is not None


def run(cursor: Cursor, statement: exp.Command) -> None:
    """Run the statement."""
    match = altered(statement, _ALTER)
    assert match is not None
    session = cursor.session
    schema = Securable("SCHEMA", securables.full_name(session, "SCHEMA", match[1]))
    require(session, "OWNERSHIP", *schema)
    if not securables.exists(cursor, *schema):
        raise missing(*schema)
    session.commit()
    managed = match[2].upper() == "ENABLE"
    session.account.service(Access).manage(schema, managed=managed)
    cursor.succeed()
