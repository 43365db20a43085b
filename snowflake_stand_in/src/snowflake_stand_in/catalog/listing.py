"""SHOW … [LIKE …] [IN …] [STARTS WITH …] [LIMIT …] of objects that live in schemas."""

from __future__ import annotations

import re

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import active_roles
from snowflake_stand_in.sql.token_stream import TokenStream


class Listing:
    """What one SHOW asks for; `wants` says whether an object, by its full name, is part of it."""

    def __init__(self, cursor: Cursor, tokens: TokenStream, plural: str) -> None:
        session = cursor.session
        self.limit: int | None = None
        self.root_only = False
        self._kind = plural.removesuffix("S")
        self._like, self._start, scope = "%", "", []
        tokens.accept("TERSE")
        tokens.expect(plural)
        current = [part for part in (session.database, session.schema) if part]
        scope = current
        while not tokens.at_end and tokens.word != ";":
            if tokens.accept("LIKE"):
                self._like = tokens.string()
            elif tokens.accept("IN"):
                wanted = 0 if tokens.accept("ACCOUNT") else 2
                if tokens.accept("DATABASE"):
                    wanted = 1
                elif wanted:
                    tokens.accept("SCHEMA")
                named = []
                if wanted and tokens.word not in ("", ";", "LIKE", "STARTS", "LIMIT"):
                    named = [part.name for part in reversed(tokens.table().parts)][::-1]
                missing = wanted - len(named)
                scope = [*current[:missing], *named] if named else current[:wanted]
            elif tokens.accept("STARTS", "WITH"):
                self._start = tokens.string()
            elif tokens.accept("ROOT", "ONLY"):
                self.root_only = True
            elif tokens.accept("LIMIT"):
                self.limit = int(tokens.skip())
            else:
                raise tokens.unexpected()
        self._inside = "".join(f"{part}." for part in scope)
        self._roles = active_roles(session)
        self._access = session.account.service(Access)

    def wants(self, full_name: str) -> bool:
        """Whether the object is asked for and the session's roles may see it."""
        name = full_name.rpartition(".")[2]
        pattern = re.escape(self._like).replace("%", ".*").replace("_", ".")
        return (
            full_name.startswith(self._inside)
            and name.startswith(self._start)
            and re.fullmatch(pattern, name, re.IGNORECASE | re.DOTALL) is not None
            and (
                ADMIN in self._roles or bool(self._access.held(self._roles, self._kind, full_name))
            )
        )
