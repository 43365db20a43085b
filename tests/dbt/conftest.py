from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake_stand_in.testing import StandIn

from tests import deployment
from tests.archive_samples import sample
from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Start a fresh account, set up, with nothing loaded."""
    folder = tmp_path_factory.mktemp("warehouse")
    key_file = folder / "key.pem"
    key_file.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with StandIn(folder / "account.duckdb") as server:
        environment = {
            "SNOWFLAKE_ACCOUNT": "local",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(server.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_USER": "transformer",
            "SNOWFLAKE_PRIVATE_KEY_PATH": str(key_file),
            "SNOWFLAKE_ROLE": "GHARCHIVE_TRANSFORMER",
            "SNOWFLAKE_WAREHOUSE": "GHARCHIVE_TRANSFORM",
            "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": "false",
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            deployment.deploy(folder, server.address, deployment.ANYWHERE)
            with server.connect(
                user="loader",
                private_key_file=str(key_file),
                database="GHARCHIVE",
                # Bound by the server, which spares it parsing thousands of events as SQL
                paramstyle="qmark",
            ) as connection:
                yield Warehouse(connection, folder / "dbt")


@pytest.fixture(scope="session")
def archive() -> Path:
    """Return the folder of real hours."""
    return sample("2015-01-01-12.json.gz").parent
