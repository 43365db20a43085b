"""A SAS that doesn't serve: the load's error says which of its rights is the matter."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from include.sql.load import load_hours
from local.launcher.environment import ACCOUNT
from local.launcher.stack import Stack
from tests.sql.conftest import Archive, Tables

SOON = timedelta(hours=1)


def sas(stack: Stack, container: str, permission: str, lifetime: timedelta) -> str:
    """Return a token as an administrator makes it."""
    return generate_container_sas(
        account_name=ACCOUNT,
        container_name=container,
        account_key=stack.secrets.blob_account_key,
        permission=ContainerSasPermissions.from_string(permission),
        start=datetime.now(UTC) - timedelta(days=2),
        expiry=datetime.now(UTC) + lifetime,
    )


@pytest.fixture
def stage(tables: Tables, stack: Stack) -> Iterator[Tables]:
    """Put the right token back afterwards."""
    yield tables
    right = stack.environment()["GHARCHIVE_EVENTS_SAS_TOKEN"]
    tables.run(
        f"alter stage bronze.gharchive_stage set credentials = (azure_sas_token = '{right}')"
    )


@pytest.mark.parametrize(
    ("container", "permission", "lifetime", "message"),
    [
        ("gharchive-events", "rl", timedelta(days=-1), "expired"),
        ("gharchive-models", "rl", SOON, "for one container"),
        ("gharchive-events", "r", SOON, "list"),
        ("gharchive-events", "l", SOON, "read"),
    ],
)
def test_a_wrong_sas_is_named(
    stack: Stack,
    archive: Archive,
    connection: SnowflakeConnection,
    stage: Tables,
    day: datetime,
    container: str,
    permission: str,
    lifetime: timedelta,
    message: str,
) -> None:
    outcomes = archive.ingested(day)
    token = sas(stack, container, permission, lifetime)
    stage.run(f"alter stage bronze.gharchive_stage set credentials = (azure_sas_token = '{token}')")
    state = stage.state()

    with pytest.raises(ProgrammingError) as failed:
        load_hours(connection, outcomes)

    assert message in str(failed.value)
    assert "Failure using stage area" in str(failed.value)
    assert token.partition("sig=")[2] not in str(failed.value)
    assert stage.state() == state
