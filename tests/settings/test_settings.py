"""Every setting of docs/settings.md, with another value, and a day that is run with them.

Nothing that the day needs has its usual name, so code that ignores a setting finds nothing. A new
row of the page fails here until it is set in elsewhere.py, or its own test is named.
"""

import gzip
import json
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from functions.app_settings import catch_up_hours, ingest_settings, open_containers
from functions.catch_up import catch_up
from include.sql import account, budget, deploy
from include.sql.settings import Deployment
from local.launcher.layout import Layout
from local.launcher.source import Source
from local.setup import paths
from tests.counted import assert_reconciled, bronze_by_type, kept_by_type
from tests.dags.test_alerts import Webhook
from tests.end_to_end.conftest import write_hour
from tests.settings.elsewhere import (
    ALS,
    CONTAINERS,
    DATABASE,
    INTEGRATIONS,
    KEPT,
    SNOWFLAKE,
    TENANT,
    Elsewhere,
    Settings,
    app_settings,
    connections,
    tokens,
)

PAGE = paths.ROOT / "docs" / "settings.md"
HOUR = datetime(2024, 3, 5, 12)
DAMAGED = HOUR.replace(hour=13)
TICK = HOUR.replace(hour=17, tzinfo=UTC)
# What the product doesn't read: Airflow, Python and Azure's host do
AIRFLOWS = {
    *("gharchive_source", "snowflake_load", "dbt", "pools", "executor", "PYTHONPATH"),
    *("scheduler.use_job_schedule", "core.default_task_retry_delay"),
}
# Where a setting has a test of its own, for this day has another one in its place
TESTED_BY = {
    "day": "tests/end_to_end/test_entry_points.py",
    "GHARCHIVE_BLOB_URL": "tests/functions/test_app_settings.py",
    "INGEST_SCHEDULE": "tests/functions/test_function_ticks.py",
    "GHARCHIVE_AZURE_TENANT_ID": "tests/sql/test_without_airflow.py",
    "GHARCHIVE_QUEUE_URL": "tests/sql/test_without_airflow.py",
    "GHARCHIVE_STORAGE_INTEGRATION": "tests/sql/test_without_airflow.py",
    "GHARCHIVE_NOTIFICATION_INTEGRATION": "tests/sql/test_without_airflow.py",
}


def documented(heading: str) -> set[str]:
    """Return the settings in the table below a heading; those of connections as `name.field`."""
    _, _, section = PAGE.read_text().partition(f"\n## {heading}")
    rows = [
        row.split("|")[1:-1] for row in section.partition("\n## ")[0].splitlines() if "|" in row
    ]
    found, connections = set[str](), list[str]()
    for first, second, *_ in rows[2:]:
        names = re.findall(r"`([\w.]+)`", first) or first.split()
        if heading == "Connections":
            connections = names or connections
            fields = re.findall(r"[\w-]+", second.replace("extra", ""))
            names = [f"{name}.{field}" for name in connections for field in fields]
        found.update(names)
    return found


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of three hours, one of them damaged."""
    folder = tmp_path_factory.mktemp("hours")
    for hour in (HOUR, DAMAGED, TICK - timedelta(hours=1)):
        path = write_hour(folder, hour.replace(tzinfo=None))
        if hour == DAMAGED:
            path.write_bytes(path.read_bytes()[:-1000])
    return folder


@pytest.fixture(scope="module")
def stack(hours: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """Start the stand-ins on that archive."""
    stack = Elsewhere(Layout(tmp_path_factory.mktemp("stack")))
    try:
        source = Source("hours of our own", route="folder", folder=str(hours))
        stack.start(source, with_airflow=False)
        yield stack
    finally:
        stack.stop()


def test_every_setting_has_another_value_here(stack: Elsewhere) -> None:
    fields = {
        f"{name}.{field}"
        for name, connection in connections(stack, "https://webhook").items()
        for field in {**connection, **connection.get("extra", {})}
    }
    deployed = {*SNOWFLAKE, *tokens(stack), *INTEGRATIONS}

    assert documented("Connections") <= fields
    assert documented("Parameters") - TESTED_BY.keys() == {"hours", "event_types", *ALS}
    assert documented("Airflow") - AIRFLOWS == {"spark.checkpoint.dir"}
    assert documented("Snowflake") == deployed
    assert documented("Function") - TESTED_BY.keys() == app_settings(stack).keys()
    assert {name.removeprefix("GHARCHIVE_").lower() for name in deployed} == {
        *Deployment.model_fields
    }
    assert all(name in (paths.ROOT / file).read_text() for name, file in TESTED_BY.items())


@pytest.mark.parametrize("access", [INTEGRATIONS, None], ids=["integrations", "tokens"])
def test_every_value_is_in_what_is_deployed(
    stack: Elsewhere, access: Settings | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets aside, which no plan shows: the day finds its blobs by them."""
    usual = Deployment.model_validate({"storage_url": "azure://a", "azure_tenant_id": "a"})
    settings = SNOWFLAKE | (access or tokens(stack))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment.from_environment()
    code = {"models": [], "blob_name": "", "files_per_copy": 1}

    texts = [account.render(script, deployment) for script in account.scripts()]
    texts += [deploy.render(script, deployment, code) for script in deploy.scripts()]
    text = "".join([*texts, *budget.calls(deployment)])

    shown = [value for name, value in settings.items() if not name.endswith("_SAS_TOKEN")]
    assert [value for value in shown if not re.search(rf"\b{re.escape(value)}\b", text)] == []
    fields = [name.removeprefix("GHARCHIVE_").lower() for name in settings]
    assert [name for name in fields if getattr(usual, name) == getattr(deployment, name)] == []


def test_the_function_ingests_by_its_settings(stack: Elsewhere) -> None:
    environment = app_settings(stack)
    with open_containers(environment) as containers:
        catch_up(TICK, catch_up_hours(environment), ingest_settings(environment), containers)
    hour = TICK - timedelta(hours=1)
    with stack.connect_blob() as blob:
        events = blob.get_blob_client(CONTAINERS["events"], f"{hour:%Y/%m/%d/%H}.json.gz")
        lines = gzip.decompress(events.download_blob().readall()).splitlines()
    assert {json.loads(line)["type"] for line in lines} <= set(KEPT)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_day_with_every_setting_changed(stack: Elsewhere, hours: Path, tmp_path: Path) -> None:
    """`airflow dags test`, as CI runs it: every stage of the day of its date, the refresh too."""
    _deploy(stack, tmp_path)
    checkpoints = tmp_path / "checkpoints"
    spark = tmp_path / "spark"
    spark.mkdir()
    defaults = (paths.SPARK_CONF / "spark-defaults.conf").read_text()
    (spark / "spark-defaults.conf").write_text(f"{defaults}spark.checkpoint.dir {checkpoints}\n")

    with _serving(Webhook()) as webhook:
        output = _dags_test(
            {
                **_without_usual_settings(stack),
                **{
                    f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection)
                    for name, connection in connections(stack, webhook.url).items()
                },
                "AIRFLOW_HOME": str(tmp_path / "airflow"),
                "SPARK_CONF_DIR": str(spark),
                # A small job ends before better compiled code would pay
                "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
            },
            {"hours": "12-13", "event_types": KEPT, **ALS},
        )

    assert "state=success" in output
    with stack.connect_snowflake() as connection, connection.cursor() as cursor:
        cursor.execute(f"use database {DATABASE}")

        def ask(sql: str, *binds: object) -> list[tuple[Any, ...]]:
            cursor.execute(sql, binds)
            return list(cursor.fetchall())

        whole, damaged = (f"{hour:%Y/%m/%d/%H}.json.gz" for hour in (HOUR, DAMAGED))
        verdicts = ask("select file_name, verdict from ledger.loads order by 1")
        assert verdicts == [(whole, "published"), (damaged, "damaged")]
        in_file = kept_by_type(hours / f"{HOUR:%Y-%m-%d}-{HOUR.hour}.json.gz")
        assert bronze_by_type(ask, whole) == Counter({name: in_file[name] for name in KEPT})
        assert_reconciled(ask)
        types = ask("select distinct event:type::varchar from bronze.events_current")
        assert {name for (name,) in types} == set(KEPT)
        # The same event may be in several lines
        identities = "event:id::varchar as id, event:created_at::varchar as created_at"
        assert ask("select sum(event_count) from gold.daily_activity") == ask(
            f"select count(*) from (select distinct {identities} from bronze.events_current)"
        )
        [(parameters, parts)] = ask("select parameters, metrics:parts from gold.models")
    assert {name: json.loads(parameters)[name] for name in ALS} == ALS
    assert int(parts) == 1, "Spark had more cores than its connection's master names"
    assert [*checkpoints.iterdir()]
    assert "damaged" in webhook.received[0]["text"]
    assert f"/{TENANT}/oauth2" in (stack.layout.logs / "powerbi.log").read_text()
    with stack.connect_blob() as blob:
        used = set(_containers_with_blobs(blob))
    assert used == set(CONTAINERS.values())


def _without_usual_settings(stack: Elsewhere) -> Settings:
    """Return the stack's environment without the laptop's connections and deployment."""
    usual = re.compile(r"AIRFLOW_CONN_|GHARCHIVE_(?!STACK$)|SNOWFLAKE_")
    return {n: value for n, value in stack.environment().items() if not usual.match(n)}


def _deploy(stack: Elsewhere, home: Path) -> None:
    login = {
        "account": "elsewhere",
        "user": "ADMIN",
        "authenticator": "SNOWFLAKE_JWT",
        "private_key_file": str(paths.SNOWFLAKE_KEY),
        "host": "localhost",
        "port": stack.ports["snowflake"],
        "protocol": "https",
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in login.items()]
    file = home / "connections.toml"
    file.write_text("[deployer]\n" + "".join(lines))
    file.chmod(0o600)
    for program in ("include.sql.account", "include.sql.deploy"):
        done = subprocess.run(
            [paths.PYTHON, "-m", program],
            cwd=paths.ROOT,
            env={
                **_without_usual_settings(stack),
                **SNOWFLAKE,
                **tokens(stack),
                "SNOWFLAKE_HOME": str(home),
                "SNOWFLAKE_DEFAULT_CONNECTION_NAME": "deployer",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def _dags_test(environment: Mapping[str, str], conf: Mapping[str, object]) -> str:
    airflow = str(paths.BIN / "airflow")
    subprocess.run([airflow, "db", "migrate"], env=environment, check=True, capture_output=True)
    command = [airflow, "dags", "test", "gharchive_daily", f"{HOUR:%Y-%m-%d}"]
    done = subprocess.run(
        [*command, "--conf", json.dumps(conf)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-4000:]
    return output


@contextmanager
def _serving(webhook: Webhook) -> Iterator[Webhook]:
    threading.Thread(target=webhook.server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield webhook
    finally:
        webhook.server.shutdown()
        webhook.server.server_close()


def _containers_with_blobs(blob: BlobServiceClient) -> Iterator[str]:
    for container in blob.list_containers():
        if any(blob.get_container_client(container.name).list_blob_names()):
            yield container.name
