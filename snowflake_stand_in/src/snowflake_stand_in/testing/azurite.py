"""Azurite, Microsoft's stand-in for Blob Storage, for stages with azure:// URLs."""

import base64
import os
import secrets
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
)

from snowflake_stand_in.testing.server import start_server

ACCOUNT = "localaccount"


class Storage(NamedTuple):
    """An account: its key, its owner's client for looking, and SAS tokens for everybody else."""

    address: str
    key: str
    owner: BlobServiceClient

    @property
    def url(self) -> str:
        """The account's URL."""
        return f"http://{self.address}/{ACCOUNT}"

    def stage_url(self, container: str) -> str:
        """Return a container's URL for CREATE STAGE."""
        return f"azure://{self.address}/{ACCOUNT}/{container}"

    def sas(self, permission: str = "rwc", hours: float = 1) -> str:
        """Return a SAS on blobs, with `l` on containers as well; negative hours have expired."""
        now = datetime.now(UTC)
        return generate_account_sas(
            ACCOUNT,
            self.key,
            ResourceTypes(object=True, container="l" in permission),
            AccountSasPermissions.from_string(permission),  # type: ignore[no-untyped-call]
            expiry=now + timedelta(hours=hours),
            start=now - timedelta(days=1),
        )


@contextmanager
def running_azurite(folder: Path, command: Sequence[str] | None = None) -> Iterator[Storage]:
    """Run Azurite on a free port, its data and log in `folder`.

    `command` starts its blob service; without it the environment's AZURITE_BLOB does, else
    azurite-blob on the PATH. RuntimeError where there is none.
    """
    program = command or shlex.split(os.environ.get("AZURITE_BLOB", "azurite-blob"))
    options = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", str(folder)]
    options += ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}
    try:
        process, port = start_server([*program, *options], folder / "azurite.log", environment)
    except FileNotFoundError as error:
        raise RuntimeError(
            f"there is no {program[0]}: install Azurite (npm install --global azurite), or say in"
            " AZURITE_BLOB how its blob service is started"
        ) from error
    try:
        address = f"127.0.0.1:{port}"
        yield Storage(address, key, BlobServiceClient(f"http://{address}/{ACCOUNT}", key))
    finally:
        process.terminate()
        process.wait(20)
