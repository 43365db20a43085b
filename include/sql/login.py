"""Log in to Snowflake as the deployment does: by the connector's own connections.toml."""

import os
import tomllib

import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import CONNECTIONS_FILE


def connection_name() -> str:
    """Return the name of the connection in connections.toml."""
    return os.environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME", "default")


def log_in(role: str) -> SnowflakeConnection:
    """Open the connection with a role; each statement commits itself, whatever the account says."""
    return snowflake.connector.connect(
        connection_name=connection_name(), role=role, autocommit=True
    )


def address() -> dict[str, str]:
    """Return what schemachange takes from the environment and not from connections.toml."""
    connection = tomllib.loads(CONNECTIONS_FILE.read_text())[connection_name()]
    names = ("host", "port", "protocol")
    return {f"SNOWFLAKE_{n.upper()}": str(connection[n]) for n in names if n in connection}
