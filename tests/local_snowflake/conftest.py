"""One stand-in, one Azurite and one database for the whole room."""

import base64
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
)
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from local.setup.paths import AZURITE_BLOB, node
from tests.local_snowflake.stand_in import Certificates, StandIn, fetch, free_port, trust

ACCOUNT = "snowflaketest"
SAMPLES = Path(os.environ.get("GHARCHIVE_SAMPLES", "/work/shared/data"))

Run = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Storage:
    """A storage account: its owner's client and its key."""

    address: str
    key: str
    owner: BlobServiceClient

    def sas(self, hours: float = 1) -> str:
        """Return a token that reads and lists; negative hours have expired."""
        return str(
            generate_account_sas(
                ACCOUNT,
                self.key,
                ResourceTypes(container=True, object=True),
                AccountSasPermissions(read=True, list=True),
                datetime.now(UTC) + timedelta(hours=hours),
                start=datetime.now(UTC) - timedelta(days=1),
            )
        )

    def stage_url(self, container: str) -> str:
        """Return a container's URL for CREATE STAGE."""
        return f"azure://{self.address}/{ACCOUNT}/{container}"


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    main = Path(os.environ.get("AZURITE_BLOB", AZURITE_BLOB))
    runtime = str(node()) if node().exists() else shutil.which("node")
    if runtime is None or not main.exists():
        pytest.fail(f"Azurite is not at {main}: run `make setup`, or set AZURITE_BLOB")
    port = free_port()
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    command = [runtime, str(main), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command += ["--location", str(tmp_path_factory.mktemp("azurite")), "--silent"]
    command += ["--skipApiVersionCheck", "--disableTelemetry"]
    process = subprocess.Popen(command, env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"})
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.05)
        address = f"127.0.0.1:{port}"
        yield Storage(address, key, BlobServiceClient(f"http://{address}/{ACCOUNT}", key))
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    made = Certificates.make(tmp_path_factory.mktemp("tls"))
    patch = pytest.MonkeyPatch()
    for name, value in trust(made).items():
        patch.setenv(name, value)
    yield made
    patch.undo()


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[StandIn]:
    stand_in = StandIn(tmp_path_factory.mktemp("snowflake") / "gharchive.duckdb", certificates)
    stand_in.start()
    with stand_in.connect() as connection:
        connection.cursor().execute("create database if not exists gharchive")
    yield stand_in
    stand_in.stop()


@pytest.fixture(scope="session")
def shared(server: StandIn) -> Iterator[SnowflakeCursor]:
    """Give one session to all that need none of their own: a login is dear."""
    with server.connect() as connection:
        yield connection.cursor()


@pytest.fixture
def schema(shared: SnowflakeCursor) -> Iterator[str]:
    """Give the test a schema of its own."""
    name = f"T{secrets.token_hex(4)}".upper()
    shared.execute(f"create schema {name}")
    yield name
    shared.execute(f"drop schema {name}")


@pytest.fixture
def connect(server: StandIn, schema: str) -> Iterator[Callable[..., SnowflakeConnection]]:
    """Log in to the test's schema, as often as the test wants."""
    opened: list[SnowflakeConnection] = []

    def connect(**options: Any) -> SnowflakeConnection:
        opened.append(server.connect(schema=schema, **options))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def cursor(connect: Callable[..., SnowflakeConnection]) -> SnowflakeCursor:
    return connect().cursor()


@pytest.fixture
def run(cursor: SnowflakeCursor) -> Run:
    """Run one statement and fetch its rows."""

    def run(sql: str, *binds: Any) -> list[tuple[Any, ...]]:
        return fetch(cursor, sql, *binds)

    return run


@pytest.fixture
def container(storage: Storage) -> ContainerClient:
    """Make a fresh container."""
    return storage.owner.create_container(f"c{secrets.token_hex(6)}")


@pytest.fixture
def stage(run: Run, storage: Storage, container: ContainerClient) -> str:
    """Make a stage on the container, for gzipped JSON."""
    run(
        f"create stage events url = '{storage.stage_url(container.container_name)}' "
        f"credentials = (azure_sas_token = '{storage.sas()}') "
        "file_format = (type = json compression = gzip allow_duplicate = true)"
    )
    return "events"


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Read one of the real files, or skip where they are not at hand."""

    def read(name: str) -> bytes:
        path = SAMPLES / name
        if not path.exists():
            pytest.skip(f"{path} is missing; set GHARCHIVE_SAMPLES to the folder of real hours")
        return path.read_bytes()

    return read
