"""What the behaviours are tried on: the stand-in, or a real account named by the environment."""

import os
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import snowflake.connector
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import CONNECTIONS_FILE
from snowflake_stand_in.testing import Certificates, StandIn

CONNECTION = "SNOWFLAKE_CONFORMANCE_CONNECTION"


@dataclass(frozen=True)
class Target:
    """An account with a database of our own, reached by key pair."""

    is_stand_in: bool
    host: str
    port: int
    account: str
    user: str
    private_key_file: str
    role: str
    warehouse: str
    database: str
    ca: Path | None = None
    """The CA that has signed the server's certificate, if the machine doesn't trust it."""

    def connect(self, **options: Any) -> SnowflakeConnection:
        """Log in."""
        settings: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "account": self.account,
            "user": self.user,
            "authenticator": "SNOWFLAKE_JWT",
            "private_key_file": self.private_key_file,
            "role": self.role,
            "warehouse": self.warehouse,
            "database": self.database,
            "login_timeout": 20,
        }
        return snowflake.connector.connect(**settings | options)


def on_stand_in() -> bool:
    """Whether the environment names no account."""
    return not os.environ.get(CONNECTION)


@contextmanager
def target(folder: Path) -> Iterator[Target]:
    """Give the account with a fresh database, and drop that at the end."""
    if not on_stand_in():
        with _database(_account(os.environ[CONNECTION])) as account:
            yield account
        return
    certificates = Certificates.make(folder)
    with (
        patch.dict(os.environ, certificates.environment),
        StandIn(folder / "account.duckdb", certificates) as server,
        _database(_stand_in(server, certificates.ca, _key(folder / "key.pem"))) as account,
    ):
        with account.connect() as connection:
            connection.cursor().execute(f"create warehouse {account.warehouse}")
        yield account


def _key(file: Path) -> Path:
    """Write a new private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def _account(name: str) -> Target:
    """Read a connection of connections.toml."""
    settings = tomllib.loads(CONNECTIONS_FILE.read_text())[name]
    return Target(
        is_stand_in=False,
        host=settings.get("host", f"{settings['account']}.snowflakecomputing.com"),
        port=443,
        **{key: settings[key] for key in ("account", "user", "private_key_file", "role")},
        warehouse=settings["warehouse"],
        database=f"CONFORMANCE_{secrets.token_hex(4)}".upper(),
    )


def _stand_in(server: StandIn, ca: Path, key: Path) -> Target:
    return Target(
        is_stand_in=True,
        host=server.address["host"],
        port=server.port,
        account=server.address["account"],
        user="CONFORMANCE",
        private_key_file=str(key),
        role="ACCOUNTADMIN",
        warehouse="COMPUTE_WH",
        database="CONFORMANCE",
        ca=ca,
    )


@contextmanager
def _database(account: Target) -> Iterator[Target]:
    with account.connect(database=None) as connection:
        connection.cursor().execute(f"create database {account.database}")
        try:
            yield account
        finally:
            connection.cursor().execute(f"drop database {account.database}")
