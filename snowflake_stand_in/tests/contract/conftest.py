"""One stand-in and one database for the whole room."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake_stand_in.testing import Certificates
from snowflake_stand_in.testing.azurite import Storage, running_azurite

from contract.stand_in import StandIn, fetch

Run = Callable[..., list[tuple[Any, ...]]]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known where the package is tried alone."""
    config.addinivalue_line("markers", "slow: takes more than some seconds")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    made = Certificates.make(tmp_path_factory.mktemp("tls"))
    patch = pytest.MonkeyPatch()
    for name, value in made.environment.items():
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


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Run one Azurite; tests make containers of their own."""
    with running_azurite(tmp_path_factory.mktemp("azurite")) as storage:
        yield storage


@pytest.fixture
def container(storage: Storage) -> ContainerClient:
    """Make a fresh container."""
    return storage.owner.create_container(f"c{secrets.token_hex(6)}")


@pytest.fixture
def stage(run: Run, storage: Storage, container: ContainerClient) -> str:
    """Make a stage on the container, for gzipped JSON."""
    run(
        f"create stage events url = '{storage.stage_url(container.container_name)}' "
        f"credentials = (azure_sas_token = '{storage.sas('rl')}') "
        "file_format = (type = json compression = gzip allow_duplicate = true)"
    )
    return "events"


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Read a real hour of GH Archive from the folder GHARCHIVE_SAMPLES; skip where it is not."""

    def sample(name: str) -> bytes:
        path = Path(os.environ.get("GHARCHIVE_SAMPLES", ""), name)
        if not path.exists():
            pytest.skip(f"set GHARCHIVE_SAMPLES to a folder with {name}, an hour of GH Archive")
        return path.read_bytes()

    return sample
