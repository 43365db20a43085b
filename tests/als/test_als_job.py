"""The job as production runs it: submitted by the operator, with JDBC, Blob and a COPY."""

import base64
import json
import os
import sys
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient
from snowflake.connector import SnowflakeConnection

from include.als.access import Access
from include.als.publish import publish_model
from local.setup.paths import JAVA_HOME, ROOT, SNOWFLAKE_KEY, SPARK_CONF
from plugins.operators.als import AlsTrainOperator
from tests.als.conftest import administrator
from tests.als.taste import USERS, cluster_of, interactions


@pytest.fixture
def airflow(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, dict[str, object]]:
    """Give Airflow its connections and the job its path, as the launcher does."""
    connections: dict[str, dict[str, object]] = {
        "gharchive_spark": {
            "conn_type": "spark",
            "host": "local[2]",
            "extra": {"deploy-mode": "client"},
        },
        "gharchive_blob": {
            "conn_type": "wasb",
            "host": access.blob_url,
            "extra": {"sas_token": access.blob_sas, "models": access.models_container},
        },
        "gharchive_trainer": {
            "conn_type": "snowflake",
            "login": access.snowflake_user,
            "schema": "GOLD",
            "extra": {
                "account": access.snowflake_account,
                "database": access.snowflake_database,
                "warehouse": access.snowflake_warehouse,
                "role": access.snowflake_role,
                "host": access.snowflake_host,
                "port": int(access.snowflake_port),
                "private_key_content": base64.b64encode(SNOWFLAKE_KEY.read_bytes()).decode(),
            },
        },
    }
    for name, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JAVA_HOME", str(JAVA_HOME))
    monkeypatch.setenv("SPARK_CONF_DIR", str(SPARK_CONF))
    # A small job ends before optimised code pays
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
    return connections


def test_from_gold_to_the_live_model(
    airflow: object,
    access: Access,
    models: ContainerClient,
    snowflake_connection: SnowflakeConnection,
    capfd: pytest.CaptureFixture[str],
) -> None:
    rows = ", ".join(str(row) for row in interactions())
    with administrator(snowflake_connection) as cursor:
        cursor.execute(
            "create or replace table gold.EventsMetrics "
            "(user_id number(38, 0), repo_id number(38, 0), event_count number(38, 0))"
        )
        cursor.execute(f"insert into gold.EventsMetrics values {rows}")

    operator = AlsTrainOperator(
        task_id="train",
        model_id="als-2015-01-01",
        as_of="2015-01-01",
        rank="8",
        reg_param=0.1,
        max_iter=6,
        alpha=10,
    )
    operator.execute({})

    secrets = [access.snowflake_private_key, access.blob_sas, access.blob_sas.split("sig=")[1][:20]]
    log = "".join(capfd.readouterr())
    shown = log + str({name: getattr(operator, name) for name in operator.template_fields})
    assert "Spark-Submit cmd" in log  # with all its arguments
    assert not [secret for secret in secrets if secret in shown]
    assert not [name for name in os.environ if name in access.to_environment()]

    result = json.loads(models.download_blob("als-2015-01-01/_result.json").readall())
    assert result["parameters"] | {"rank": 8, "alpha": 10.0} == result["parameters"]
    assert result["metrics"]["recommendations"] == USERS * 10

    for _ in range(2):  # the second time, as a repeated task
        publication = publish_model(snowflake_connection, "als-2015-01-01")
        assert publication.live, publication.reason
        assert publication.recommendations == USERS * 10
    cursor = snowflake_connection.cursor()
    cursor.execute(
        "select user_id, repo_id from gold.recommendations "
        "join gold.live_model using (model_id) order by user_id, rank"
    )
    recommended = cursor.fetchall()
    assert len(recommended) == USERS * 10
    within = [cluster_of(repo_id) == cluster_of(user_id) for user_id, repo_id in recommended]
    assert sum(within) / len(within) > 0.8  # 0.25 by chance
    cursor.execute("select as_of, parameters:rank, metrics:publication from gold.models")
    (model,) = cursor.fetchall()
    assert str(model[0]) == "2015-01-01"
    assert int(model[1]) == 8
    assert "Published" in model[2]
