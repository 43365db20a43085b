"""The laptop's secrets: made once, kept in one file that only the user can read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    """Every credential of the local stack."""

    blob_account_key: str
    powerbi_client_secret: str
    airflow_password: str
    airflow_fernet_key: str
    airflow_jwt_secret: str


def load_secrets(path: Path) -> Secrets:
    """Read the secrets of `path`, making them first if there are none."""
    if not path.exists():
        made = Secrets(
            blob_account_key=base64.b64encode(secrets.token_bytes(64)).decode(),
            powerbi_client_secret=secrets.token_urlsafe(24),
            airflow_password=secrets.token_urlsafe(9),
            airflow_fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            airflow_jwt_secret=secrets.token_urlsafe(32),
        )
        write_private(path, json.dumps(asdict(made), indent=2))
    return Secrets(**json.loads(path.read_text()))


def write_private(path: Path, text: str) -> None:
    """Write a file that only the user can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)
