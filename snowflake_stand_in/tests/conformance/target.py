"""What the behaviours are tried on: the stand-in, or a real account named by the environment."""

import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
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
PREFIX = os.environ.get("SNOWFLAKE_CONFORMANCE_PREFIX", "CONFORMANCE")
"""What the names of databases, roles and warehouses begin with."""


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
    protocol: str = "https"
    ca: Path | None = None
    """The CA that has signed the server's certificate, if the machine doesn't trust it."""

    def connect(self, **options: Any) -> SnowflakeConnection:
        """Log in."""
        settings: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "protocol": self.protocol,
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


def is_named() -> bool:
    """Whether the environment names an account."""
    return bool(os.environ.get(CONNECTION))


def on_stand_in() -> bool:
    """Whether it is a stand-in: none is named, or one that runs on this machine."""
    return not is_named() or _is_here(_settings(os.environ[CONNECTION]))


@contextmanager
def target(folder: Path) -> Iterator[Target]:
    """Give the account with a fresh database, and drop that at the end."""
    if is_named():
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


def _settings(name: str) -> dict[str, Any]:
    """Read a connection of connections.toml."""
    return dict(tomllib.loads(CONNECTIONS_FILE.read_text())[name])


def _is_here(settings: Mapping[str, Any]) -> bool:
    return settings.get("host") in ("127.0.0.1", "localhost")


def _account(name: str) -> Target:
    """Take a connection of connections.toml."""
    settings = _settings(name)
    return Target(
        is_stand_in=_is_here(settings),
        host=settings.get("host", f"{settings['account']}.snowflakecomputing.com"),
        port=settings.get("port", 443),
        protocol=settings.get("protocol", "https"),
        **{key: settings[key] for key in ("account", "user", "private_key_file", "role")},
        warehouse=settings["warehouse"],
        database=f"{PREFIX}_{secrets.token_hex(4)}".upper(),
        ca=Path(ca) if (ca := os.environ.get("REQUESTS_CA_BUNDLE")) else None,
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
