"""The environment of the local stack: the connections and settings that production has its own of.

What differs between a laptop and production is here and nowhere else.
"""

import base64
import json
import os
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from azure.storage.blob import (
    AccountSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)

from include.ingest.settings import CONTAINER_NAMES
from local.launcher.layout import Layout
from local.launcher.secrets import Secrets, write_private
from local.powerbi import DATASET_ID, GROUP_ID
from local.setup import paths

DATABASE = "GHARCHIVE"
ACCOUNT = "gharchive"
STAGED = ("events", "outcomes", "models")
AIRFLOW_USER = "admin"
POWERBI_CLIENT_ID = "11111111-1111-1111-1111-111111111111"
POWERBI_TENANT_ID = "22222222-2222-2222-2222-222222222222"
SAS_LIFETIME = timedelta(days=30)


def blob_url(ports: Mapping[str, int]) -> str:
    """Return the URL of the local storage account."""
    return f"http://127.0.0.1:{ports['blob']}/{ACCOUNT}"


def deployment_environment(
    layout: Layout, ports: Mapping[str, int], secrets: Secrets
) -> dict[str, str]:
    """Return what `include.sql.deploy` reads: where, what and a SAS that reads and lists."""
    return {
        "SNOWFLAKE_HOME": str(layout.snowflake_home),
        "GHARCHIVE_DATABASE": DATABASE,
        "GHARCHIVE_STORAGE_URL": f"azure://127.0.0.1:{ports['blob']}/{ACCOUNT}",
        **{
            f"GHARCHIVE_{name.upper()}_SAS_TOKEN": _container_sas(secrets, CONTAINER_NAMES[name])
            for name in STAGED
        },
    }


def write_connection_file(layout: Layout, ports: Mapping[str, int]) -> None:
    """Write connections.toml for the connector and schemachange: a user who may take any role."""
    settings = {
        "account": "gharchive",
        "user": "ADMIN",
        "authenticator": "SNOWFLAKE_JWT",
        "private_key_file": str(paths.SNOWFLAKE_KEY),
        "host": "127.0.0.1",
        "port": ports["snowflake"],
        "protocol": "https",
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    write_private(layout.snowflake_home / "connections.toml", "[default]\n" + "".join(lines))


def _container_sas(secrets: Secrets, container: str) -> str:
    return generate_container_sas(
        account_name=ACCOUNT,
        container_name=container,
        account_key=secrets.blob_account_key,
        permission=ContainerSasPermissions(read=True, list=True),
        # The same token until the year ends: a stage is altered when its token is another one
        expiry=datetime(datetime.now(UTC).year + 2, 1, 1, tzinfo=UTC),
    )


def _connections(
    ports: Mapping[str, int], secrets: Secrets, source_url: str
) -> dict[str, dict[str, object]]:
    ingest_sas = generate_account_sas(
        account_name=ACCOUNT,
        account_key=secrets.blob_account_key,
        resource_types=ResourceTypes(object=True),
        permission=AccountSasPermissions(read=True, create=True, write=True),
        expiry=datetime.now(UTC) + SAS_LIFETIME,
    )
    powerbi = f"https://localhost:{ports['powerbi']}"
    return {
        "gharchive_source": {"conn_type": "http", "host": source_url},
        "gharchive_blob": {
            "conn_type": "wasb",
            "host": blob_url(ports),
            "extra": {"sas_token": f"?{ingest_sas}"},
        },
        **{
            f"gharchive_{role}": {
                "conn_type": "snowflake",
                "login": f"GHARCHIVE_{role}".upper(),
                "schema": "GOLD",
                "extra": {
                    "account": "gharchive",
                    "database": DATABASE,
                    "warehouse": f"{DATABASE}_{warehouse}",
                    "role": f"{DATABASE}_{role}".upper(),
                    "host": "127.0.0.1",
                    "port": ports["snowflake"],
                    "private_key_content": base64.b64encode(
                        paths.SNOWFLAKE_KEY.read_bytes()
                    ).decode(),
                },
            }
            for role, warehouse in (
                ("loader", "LOAD"),
                ("transformer", "TRANSFORM"),
                ("trainer", "TRAIN"),
            )
        },
        "gharchive_spark": {
            "conn_type": "spark",
            "host": "local[*]",
            "extra": {"deploy-mode": "client"},
        },
        "gharchive_powerbi": {
            "conn_type": "powerbi",
            "login": POWERBI_CLIENT_ID,
            "password": secrets.powerbi_client_secret,
            "extra": {
                "tenant_id": POWERBI_TENANT_ID,
                "group_id": GROUP_ID,
                "dataset_id": DATASET_ID,
                "base_url": f"{powerbi}/v1.0",
                "authority": powerbi,
                "disable_instance_discovery": True,
                "allowed_hosts": "localhost",
                # SSL_CERT_FILE names the local authority; nothing else of the environment matters
                "trust_env": True,
            },
        },
    }


def airflow_environment(
    layout: Layout, ports: Mapping[str, int], secrets: Secrets, source_url: str
) -> dict[str, str]:
    """Return the environment of Airflow's processes, connections included."""
    connections = _connections(ports, secrets, source_url)
    api = f"http://127.0.0.1:{ports['airflow']}"
    return {
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(c) for name, c in connections.items()},
        "AIRFLOW_HOME": str(layout.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(paths.ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(paths.ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # Nobody waits five minutes in front of a terminal
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "5",
        # Wait for the database rather than fail, while two cores do the work of eight processes
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:///${AIRFLOW_HOME}/airflow.db?timeout=60",
        "AIRFLOW__CORE__FERNET_KEY": secrets.airflow_fernet_key,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{api}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{AIRFLOW_USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(layout.airflow_passwords),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports["airflow"]),
        "AIRFLOW__API__BASE_URL": api,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.airflow_jwt_secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.airflow_jwt_secret,
        # Runs begin when the user asks for them, not because a laptop was opened on a new day
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        # A task that follows another waits for the scheduler's next look; the default is a second
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        **_tool_environment(),
    }


def _tool_environment() -> dict[str, str]:
    """Return where Python, Java and Spark find this project and the local certificate authority."""
    return {
        "PATH": os.pathsep.join(
            # schemachange's own Python must not be found before ours
            [str(paths.BIN), os.environ["PATH"], str(paths.SCHEMACHANGE / "bin")]
        ),
        "PYTHONPATH": os.pathsep.join(
            [str(paths.ROOT), str(paths.ROOT / "local/airflow_settings")]
        ),
        "JAVA_HOME": str(paths.JAVA_HOME),
        "SPARK_CONF_DIR": str(paths.SPARK_CONF),
        "REQUESTS_CA_BUNDLE": str(paths.CA_BUNDLE),
        "SSL_CERT_FILE": str(paths.CA_BUNDLE),
    }


def write_environment_file(layout: Layout, environment: Mapping[str, str]) -> None:
    """Write the environment for `set -a; . FILE`, so that a user's own shell can join in."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    write_private(layout.environment_file, "".join(lines))
