"""What dbt sends when it builds the project: for the first time, and again."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg
from snowflake.connector import SnowflakeConnection
from snowflake_stand_in.testing import Certificates, StandIn

from include.sql.deploy import from_code, render
from local.setup import paths
from tests.sql_lint.statements import DEPLOYMENTS, Statement, split

CERTIFICATES = Certificates(paths.CA_BUNDLE, paths.SERVER_CERTIFICATE, paths.SERVER_KEY)
# What dbt's models read; the account's objects are of no account here
SCRIPTS = (
    "V1.1__schemas.sql",
    "V1.2__ledger.sql",
    "V1.3__bronze.sql",
    "V1.4__gold.sql",
    "R__4_views.sql",
)
# As the DAG builds
FLAGS = ("--quiet", "--exclude-resource-type", "unit_test")


def from_dbt(folder: Path) -> list[Statement]:
    """Build twice on a fresh account without rows; return each statement once.

    What the models compile to is in the folder as well.
    """
    sent: dict[str, Statement] = {}
    with (
        StandIn(folder / "account.duckdb", CERTIFICATES) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in _environment(server).items():
            patch.setenv(name, value)
        key = str(paths.SNOWFLAKE_KEY)
        with server.connect(user="lint", private_key_file=key) as connection:
            _set_up(connection)
        for sql in _build(folder):
            sent.setdefault(sql, Statement(f"dbt: {sql[:60]!r}", sql))
    return list(sent.values())


def _environment(server: StandIn) -> dict[str, str]:
    return {
        "SNOWFLAKE_ACCOUNT": "local",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(server.port),
        "SNOWFLAKE_USER": "lint",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(paths.SNOWFLAKE_KEY),
        **CERTIFICATES.environment,
    }


def _set_up(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("create database gharchive")
    deployment = DEPLOYMENTS["tokens"]
    for script in SCRIPTS:
        for sql, _ in split(render(script, deployment, from_code(deployment))):
            if not sql.startswith("grant"):
                cursor.execute(sql)


def _build(folder: Path) -> Iterable[str]:
    statements: list[str] = []

    def record(event: EventMsg) -> None:
        if event.info.name == "SQLQuery":
            statements.append(event.data.sql)

    where = ["--project-dir", str(paths.DBT_PROJECT), "--profiles-dir", str(paths.DBT_PROJECT)]
    made = ["--target-path", str(folder), "--log-path", str(folder)]
    for _ in range(2):
        result = dbtRunner(callbacks=[record]).invoke(["build", *where, *made, *FLAGS])
        assert result.success, result.exception or result.result
    return statements


def compiled_models(folder: Path) -> list[Statement]:
    """Return the models as the last build has compiled them: in their incremental form."""
    models = (folder / "compiled" / "gharchive" / "models").rglob("*.sql")
    # Below SCHEMA.yml are dbt's own tests
    files = sorted(file for file in models if file.parent.suffix != ".yml")
    return [Statement(f"dbt model {file.stem}", file.read_text()) for file in files]
