from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from snowflake_stand_in.testing import StandIn

from local.setup import paths
from tests.archive_samples import sample
from tests.dbt.warehouse import PROJECT, Warehouse
from tests.deployment import copied_account


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Parse the project once; what set-up has parsed makes that short."""
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    scratch = str(tmp_path_factory.mktemp("parsed"))
    made = ["--target-path", scratch, "--log-path", scratch]
    known = paths.DBT_MANIFEST.with_name("partial_parse.msgpack")
    parsed = dbtRunner().invoke(
        ["parse", *where, *made, "--partial-parse-file-path", str(known), "--quiet"]
    )
    if parsed.exception:
        raise parsed.exception
    return cast(Manifest, parsed.result)


@contextmanager
def running_warehouse(
    account: Path, manifest: Manifest, folder: Path, parameters: Sequence[str] = ()
) -> Iterator[Warehouse]:
    """Start a copy of an account in a folder; `parameters` are statements of its administrator."""
    with StandIn(copied_account(account, folder)) as server, pytest.MonkeyPatch.context() as patch:
        environment = {
            "SNOWFLAKE_ACCOUNT": "local",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(server.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_USER": "transformer",
            "SNOWFLAKE_PRIVATE_KEY_PATH": str(paths.SNOWFLAKE_KEY),
            "SNOWFLAKE_ROLE": "GHARCHIVE_TRANSFORMER",
            "SNOWFLAKE_WAREHOUSE": "GHARCHIVE_TRANSFORM",
            "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": "false",
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        login = {"private_key_file": str(paths.SNOWFLAKE_KEY), "database": "GHARCHIVE"}
        with server.connect(user="admin", **login) as connection:
            for statement in parameters:
                connection.cursor().execute(statement)
        # Bound by the server, which spares it parsing thousands of events as SQL
        with server.connect(user="loader", **login, paramstyle="qmark") as connection:
            yield Warehouse(connection, manifest, folder / "dbt")


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, deployed: Path, manifest: Manifest
) -> Iterator[Warehouse]:
    """Start an account of the module's own, set up, with nothing loaded."""
    with running_warehouse(deployed, manifest, tmp_path_factory.mktemp("warehouse")) as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def archive() -> Path:
    """Return the folder of real hours."""
    return sample("2015-01-01-12.json.gz").parent
