"""Prepare the stack of docker-compose.yaml: `python -m local.compose secrets | stores`.

`secrets`, before anything runs, writes keys, certificates and environment files to the shared
volume. `stores`, once the stand-ins run, creates the containers and the database's objects.
All services share one network namespace, so every address is that of a `make up` stack.
"""

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

import certifi

from local.launcher.environment import (
    ACCOUNT,
    AIRFLOW_USER,
    POWERBI_CLIENT_ID,
    airflow_environment,
)
from local.launcher.layout import default_layout
from local.launcher.ports import USUAL
from local.launcher.secrets import load_secrets, write_private
from local.launcher.source import Source, choose_source
from local.launcher.stack import Stack
from local.setup import issue, paths


def write_secrets() -> None:
    """Write what the other services read at start; what is there already stays."""
    layout = default_layout()
    secrets = load_secrets(layout.secrets)
    if not paths.TRUST_STORE.exists():
        paths.TLS.mkdir(parents=True, exist_ok=True)
        issue.tls(paths.TLS, Path(certifi.where()))
    if not paths.SNOWFLAKE_KEY.exists():
        paths.KEYS.mkdir(parents=True, exist_ok=True)
        issue.keys(paths.KEYS)
    source = choose_source(None)
    layout.ports.write_text(json.dumps(USUAL))
    layout.source.write_text(json.dumps(asdict(source)))
    write_private(layout.airflow_passwords, json.dumps({AIRFLOW_USER: secrets.airflow_password}))
    airflow = airflow_environment(layout, USUAL, secrets, _url(source))
    environments = {
        # The rest (PATH, Java, Spark) is the image's own. Docker publishes the port to the host.
        "airflow.env": {
            name: value for name, value in airflow.items() if name.startswith("AIRFLOW")
        }
        | {"AIRFLOW__API__HOST": "0.0.0.0"},
        "blob.env": {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{secrets.blob_account_key}"},
        "powerbi.env": {
            "POWERBI_CLIENT_ID": POWERBI_CLIENT_ID,
            "POWERBI_CLIENT_SECRET": secrets.powerbi_client_secret,
        },
    }
    for name, environment in environments.items():
        lines = [f"{key}={shlex.quote(value)}\n" for key, value in environment.items()]
        write_private(layout.data / name, "".join(lines))
    print(f"Airflow: http://localhost:{USUAL['airflow']}, user {AIRFLOW_USER}, password in")
    print(f"  {layout.airflow_passwords}; hours come from {source.description}")


def _url(source: Source) -> str:
    return source.url or f"http://127.0.0.1:{USUAL['gharchive']}/{source.route}"


if __name__ == "__main__":
    stores = Stack(default_layout()).create_stores
    {"secrets": write_secrets, "stores": stores}[sys.argv[1]]()
