"""One account for the whole room; a case that needs tables has a schema of its own."""

import secrets
from collections.abc import Callable, Iterator

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake_stand_in.testing.azurite import Storage, running_azurite

from conformance.differences import DIFFERENCES
from conformance.stage import Stage, real_stage
from conformance.target import Target, on_stand_in
from conformance.target import target as open_target

Connect = Callable[..., SnowflakeConnection]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "behaviour(name, says, page): what Snowflake documents")


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with open_target(tmp_path_factory.mktemp("account")) as account:
        yield account


@pytest.fixture(scope="session")
def shared(target: Target) -> Iterator[SnowflakeCursor]:
    """Give one session to all that leave nothing behind."""
    with target.connect(schema="PUBLIC") as connection:
        yield connection.cursor()


@pytest.fixture
def schema(shared: SnowflakeCursor) -> Iterator[str]:
    """Make a schema, current in the shared session."""
    name = f"S{secrets.token_hex(4)}".upper()
    shared.execute(f"create schema {name}")
    shared.execute(f"use schema {name}")
    yield name
    shared.execute(f"drop schema {name}")
    shared.execute("use schema public")


@pytest.fixture
def connect(target: Target, schema: str) -> Iterator[Connect]:
    """Log in to the case's schema, as often as it wants."""
    opened: list[SnowflakeConnection] = []

    def connect(**options: object) -> SnowflakeConnection:
        opened.append(target.connect(schema=schema, **options))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with running_azurite(tmp_path_factory.mktemp("azurite")) as storage:
        yield storage


@pytest.fixture
def stage(request: pytest.FixtureRequest, target: Target, schema: str) -> Iterator[Stage]:
    """Give an empty folder in Blob storage."""
    if not target.is_stand_in:
        stage = real_stage()
        if stage is None:
            pytest.skip("name a container: README.md of this folder says how")
        yield stage
        for blob in stage.container.list_blobs(stage.folder):
            stage.container.delete_blob(blob.name)
        return
    storage: Storage = request.getfixturevalue("storage")
    container = storage.owner.create_container(f"c{secrets.token_hex(6)}")
    yield Stage(storage.stage_url(container.container_name), storage.sas("rl"), container)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect listed differences to fail; what is a table's case checks its difference itself."""
    if not on_stand_in():
        return
    for item in items:
        marker = item.get_closest_marker("behaviour")
        if marker is None or "behaviour" in getattr(item, "fixturenames", ()):
            continue
        if difference := DIFFERENCES.get(marker.kwargs["name"]):
            item.add_marker(pytest.mark.xfail(reason=difference.reason, strict=True))
