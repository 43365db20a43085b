"""How statements about rights are read: by patterns, on one line; and the names in them."""

from __future__ import annotations

import re

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import Securable
from snowflake_stand_in.rights.requirements import missing
from snowflake_stand_in.rights.securables import KINDS
from snowflake_stand_in.sql.parsing import plain

_PART = r"(?:\"[^\"]+\"|[\w$]+)"
NAME = rf"(?:identifier\('[^']+'\)|{_PART}(?:\.{_PART})*)"
KIND = "|".join(sorted(KINDS, key=len, reverse=True))


def pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern for a statement on one line."""
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def one_line(text: str) -> str:
    """Return a statement on one line, for the patterns."""
    return re.sub(r"\s+", " ", plain(text)).replace("IDENTIFIER (", "IDENTIFIER(").rstrip(";")


def stored(text: str) -> str:
    """Return the stored form of a name without containers."""
    return ".".join(securables.parts(text))


def check_role(access: Access, role: str) -> None:
    """Raise Snowflake's error unless there is such a role."""
    if role not in access.roles:
        raise missing("ROLE", role)


def check_exists(cursor: Cursor, on: Securable) -> None:
    """Raise Snowflake's error unless there is such an object."""
    if not securables.exists(cursor, on.kind, on.name):
        raise missing(*on)
