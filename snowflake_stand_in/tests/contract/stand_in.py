"""The stand-in as most tests reach it: over TLS, by key pair, in a database of that name."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake_stand_in.testing import Certificates

from snowflake_stand_in import testing


def key_pair() -> bytes:
    """Return a new private key for SNOWFLAKE_JWT, DER."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class StandIn(testing.StandIn):
    """One server process on a database file, and the key that logs in to it."""

    def __init__(self, file: Path, certificates: Certificates) -> None:
        super().__init__(file, certificates)
        self.private_key = key_pair()

    @property
    def private_key_pem(self) -> bytes:
        """The private key as dbt reads it."""
        key = serialization.load_der_private_key(self.private_key, None)
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def connect(self, **options: Any) -> SnowflakeConnection:
        """Log in by key pair."""
        settings: dict[str, Any] = {
            "user": "loader",
            "authenticator": "SNOWFLAKE_JWT",
            "private_key": self.private_key,
            "database": "GHARCHIVE",
            "warehouse": "LOAD_WH",
            "paramstyle": "qmark",
            "login_timeout": 20,
        }
        return super().connect(**settings | options)


def fetch(cursor: SnowflakeCursor, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
    """Run one statement and fetch its rows."""
    cursor.execute(sql, binds or None)
    return [tuple(row) for row in cursor.fetchall()]
