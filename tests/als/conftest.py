"""One Spark for the room; blob storage and Snowflake as the laptop has them."""

import base64
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import snowflake.connector
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient
from pyspark.sql import SparkSession
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake_stand_in.testing import Certificates, StandIn

from include.als.access import Access
from local.setup.paths import CA_BUNDLE, ROOT, SERVER_CERTIFICATE, SERVER_KEY, SNOWFLAKE_KEY
from tests.blob_storage import Storage
from tests.deployment import copied_account

DATABASE = "GHARCHIVE"
CONTAINER = "models-of-tests"


@pytest.fixture(scope="package")
def spark() -> Iterator[SparkSession]:
    """Start Spark once: it takes longer than most tests."""
    # Its client logs what it does as late as at the interpreter's end, when nothing listens
    logging.getLogger("py4j").setLevel(logging.WARNING)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.executorEnv.PYTHONPATH", str(ROOT))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.adaptive.enabled", "false")
        # Small tests end before optimised code pays
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
        .config("spark.sql.codegen.wholeStage", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="package")
def models(storage: Storage) -> ContainerClient:
    """Return the models' container, for looking into."""
    container = storage.owner.get_container_client(CONTAINER)
    with suppress(ResourceExistsError):
        container.create_container()
    return container


@pytest.fixture(scope="package")
def server(
    tmp_path_factory: pytest.TempPathFactory, deployed: Path, storage: Storage
) -> Iterator[StandIn]:
    """Serve the product's objects over TLS, their stage on our container."""
    account = copied_account(deployed, tmp_path_factory.mktemp("snowflake"))
    certificates = Certificates(CA_BUNDLE, SERVER_CERTIFICATE, SERVER_KEY)
    with StandIn(account, certificates) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(CA_BUNDLE))
        with server.connect(
            user="GHARCHIVE", private_key_file=str(SNOWFLAKE_KEY), database=DATABASE
        ) as connection:
            connection.cursor().execute(
                f"alter stage gold.gharchive_models set url = '{storage.stage_url(CONTAINER)}'"
                f" credentials = (azure_sas_token = '{storage.sas('rl')}')"
            )
        yield server


@pytest.fixture(scope="package")
def access(storage: Storage, server: StandIn, models: ContainerClient) -> Access:
    """Return what the job may reach."""
    return Access(
        snowflake_host="127.0.0.1",
        snowflake_port=str(server.port),
        snowflake_account="gharchive",
        snowflake_user="GHARCHIVE",
        snowflake_private_key=base64.b64encode(SNOWFLAKE_KEY.read_bytes()).decode(),
        snowflake_database=DATABASE,
        snowflake_warehouse="GHARCHIVE_TRAIN",
        snowflake_role="GHARCHIVE_TRAINER",
        blob_url=storage.url,
        blob_sas=storage.sas(),
        models_container=CONTAINER,
    )


@contextmanager
def administrator(connection: SnowflakeConnection) -> Iterator[SnowflakeCursor]:
    """Do for a moment what the loader and the transformer do, and the trainer may not."""
    cursor = connection.cursor()
    role = connection.role
    cursor.execute("use role ACCOUNTADMIN")
    yield cursor
    cursor.execute(f"use role {role}")


@pytest.fixture
def snowflake_connection(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SnowflakeConnection]:
    """Connect to the account, as the role that trains."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CA_BUNDLE))
    with snowflake.connector.connect(
        host=access.snowflake_host,
        port=int(access.snowflake_port),
        account=access.snowflake_account,
        user=access.snowflake_user,
        authenticator="SNOWFLAKE_JWT",
        private_key_file=str(SNOWFLAKE_KEY),
        database=DATABASE,
        warehouse=access.snowflake_warehouse,
        role=access.snowflake_role,
    ) as connection:
        yield connection
