"""One stand-in and one database for the whole room."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from tests.archive_samples import sample
from tests.blob_storage import Storage
from tests.local_snowflake.stand_in import Certificates, StandIn, fetch, trust

Run = Callable[..., list[tuple[Any, ...]]]


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
        f"credentials = (azure_sas_token = '{storage.sas('rl')}') "
        "file_format = (type = json compression = gzip allow_duplicate = true)"
    )
    return "events"


@pytest.fixture(name="sample")
def real_hour() -> Callable[[str], bytes]:
    """Read one of the real files, or skip where they are not at hand."""
    return lambda name: sample(name).read_bytes()
