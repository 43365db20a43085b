import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests import deployment
from tests.archive_samples import sample
from tests.dbt.warehouse import Warehouse

ROOT = Path(__file__).parents[2]


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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    command = [sys.executable, "-m", "snowflake_stand_in", "--port", str(port)]
    with (
        (folder / "snowflake.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--database", str(folder / "account.duckdb")],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/health", server)
            environment = {
                "SNOWFLAKE_ACCOUNT": "local",
                "SNOWFLAKE_HOST": "127.0.0.1",
                "SNOWFLAKE_PORT": str(port),
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
                address = {"host": "127.0.0.1", "port": port, "protocol": "http"}
                deployment.deploy(folder, address, deployment.ANYWHERE)
                with snowflake.connector.connect(
                    account="local",
                    user="loader",
                    private_key_file=str(key_file),
                    **address,
                    database="GHARCHIVE",
                    # Bound by the server, which spares it parsing thousands of events as SQL
                    paramstyle="qmark",
                ) as connection:
                    yield Warehouse(connection, folder / "dbt")
        finally:
            server.terminate()


def _wait_until_healthy(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "the local Snowflake ended; see its snowflake.log"
        try:
            if requests.get(url, timeout=1).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError(url)


@pytest.fixture(scope="session")
def archive() -> Path:
    """Return the folder of real hours."""
    return sample("2015-01-01-12.json.gz").parent
