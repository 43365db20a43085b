"""One Spark for the whole test session; blob storage and Snowflake as the laptop has them."""

import base64
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import requests
import snowflake.connector
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas
from pyspark.sql import SparkSession
from snowflake.connector import SnowflakeConnection

from include.als.access import Access
from include.als.layout import CONTAINER
from include.sql.setup import run_setup
from local.setup.paths import CA_BUNDLE, ROOT, SERVER_CERTIFICATE, SERVER_KEY, SNOWFLAKE_KEY
from tests.blob_storage import ACCOUNT, Storage

DATABASE = "GHARCHIVE"
START_SECONDS = 60


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def models(storage: Storage) -> ContainerClient:
    """Return the models' container, for looking into."""
    container = storage.owner.get_container_client(CONTAINER)
    with suppress(ResourceExistsError):
        container.create_container()
    return container


@pytest.fixture(scope="session")
def snowflake_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the stand-in over TLS, under the laptop's own certificate."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = tmp_path_factory.mktemp("snowflake") / "gharchive.duckdb"
    command = [sys.executable, "-m", "local.snowflake", "--port", str(port)]
    command += ["--database", str(database)]
    command += ["--certificate", str(SERVER_CERTIFICATE), "--key", str(SERVER_KEY)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                requests.get(f"https://127.0.0.1:{port}/health", verify=str(CA_BUNDLE)).close()
                break
            except requests.ConnectionError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def access(storage: Storage, snowflake_port: int, models: ContainerClient) -> Access:
    """Return what the job may reach."""
    return Access(
        snowflake_host="127.0.0.1",
        snowflake_port=str(snowflake_port),
        snowflake_account="gharchive",
        snowflake_user="GHARCHIVE",
        snowflake_private_key=base64.b64encode(SNOWFLAKE_KEY.read_bytes()).decode(),
        snowflake_database=DATABASE,
        snowflake_warehouse="GHARCHIVE",
        snowflake_role="GHARCHIVE",
        blob_url=storage.url,
        blob_sas=storage.sas(),
    )


@pytest.fixture
def snowflake_connection(
    storage: Storage, snowflake_port: int, access: Access, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SnowflakeConnection]:
    """Connect to an account that has been set up."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CA_BUNDLE))
    sas = generate_container_sas(
        ACCOUNT,
        CONTAINER,
        storage.key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    root = storage.url.replace("http://", "azure://")
    with snowflake.connector.connect(
        host=access.snowflake_host,
        port=snowflake_port,
        account=access.snowflake_account,
        user=access.snowflake_user,
        authenticator="SNOWFLAKE_JWT",
        private_key_file=str(SNOWFLAKE_KEY),
        database=DATABASE,
        warehouse=access.snowflake_warehouse,
    ) as connection:
        run_setup(
            connection,
            {
                "database": DATABASE,
                "events_url": f"{root}/gharchive-events/",
                "events_sas_token": sas,
                "models_url": f"{root}/{CONTAINER}/",
                "models_sas_token": sas,
            },
        )
        yield connection
