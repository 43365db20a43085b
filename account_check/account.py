"""The account: the connection that `make snowflake-account` takes, and logins of our own users."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import CONNECTIONS_FILE
from snowflake.connector.cursor import SnowflakeCursor

from include.sql.account import ADMINISTRATOR
from include.sql.login import connection_name, log_in

ADDRESS = ("account", "host", "port", "protocol")


class ConnectionMissingError(Exception):
    """There is no such connection; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """An account, as a connection of connections.toml names it; its login is an administrator's."""

    settings: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_environment(cls) -> "Account":
        """Read the connection; raises ConnectionMissingError."""
        name = connection_name()
        try:
            return cls(tomllib.loads(CONNECTIONS_FILE.read_text())[name])
        except (OSError, KeyError) as error:
            raise ConnectionMissingError(
                f"no connection '{name}' in the connector's connections.toml: docs/deploy.md, "
                "step 2, says how to write it"
            ) from error

    @property
    def address(self) -> dict[str, Any]:
        """The part of the connection that says where the account is."""
        return {name: self.settings[name] for name in ADDRESS if name in self.settings}

    @contextmanager
    def administrator(self) -> Iterator[SnowflakeConnection]:
        """Log in as the connection does, with an administrator's role."""
        with log_in(ADMINISTRATOR) as connection:
            yield connection

    @contextmanager
    def user(self, name: str, key: Path, **options: Any) -> Iterator[SnowflakeConnection]:
        """Log in as a user of ours, with its key; `options` are role, warehouse, database."""
        login = {"user": name, "authenticator": "SNOWFLAKE_JWT", "private_key_file": str(key)}
        with snowflake.connector.connect(**self.address, **login, **options) as connection:
            yield connection


def rows(cursor: SnowflakeCursor, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
    """Run a statement and fetch its rows."""
    cursor.execute(sql, binds or None)
    return [tuple(row) for row in cursor.fetchall()]


def shown(cursor: SnowflakeCursor, what: str) -> list[dict[str, Any]]:
    """Return the rows of a SHOW, by column."""
    found = rows(cursor, f"show {what}")
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in found]
