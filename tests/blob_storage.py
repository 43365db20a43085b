"""A real Azurite, reached as production reaches Azure: with a SAS, never with the account key."""

import base64
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
)

from include.ingest import Containers
from local.setup.paths import AZURITE_BLOB, node

ACCOUNT = "gharchivetest"
START_SECONDS = 30

AzureContainers = Containers[ContainerClient]


class Storage(NamedTuple):
    """An account: its owner's client for looking, and SAS tokens for the code under test."""

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

    def containers(self, prefix: str, sas: str) -> AzureContainers:
        """Return clients for three containers, without the SDK's slow retries."""
        return Containers(
            *(
                ContainerClient(self.url, f"{prefix}-{role}", credential=sas, retry_total=0)
                for role in Containers._fields
            )
        )


@contextmanager
def running_azurite(folder: Path) -> Iterator[Storage]:
    """Run Azurite on a free port, its data in `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    command = [str(node()), str(AZURITE_BLOB)]
    command += ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    command += ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}
    with subprocess.Popen(command, env=environment) as process:
        try:
            _wait_for(port, process)
            address = f"127.0.0.1:{port}"
            yield Storage(address, key, BlobServiceClient(f"http://{address}/{ACCOUNT}", key))
        finally:
            process.terminate()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "Azurite ended at once: run `make setup`"
            assert time.monotonic() < deadline, "Azurite did not start"
            time.sleep(0.05)
        else:
            return
