"""A real Azurite, reached as production reaches Azure: with a SAS, never with the account key."""

from __future__ import annotations

import base64
import gzip
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
)

from include.ingest import Containers, IngestSettings
from local.setup.paths import AZURITE_BLOB, node
from tests.ingest.archive_server import ArchiveServer

ACCOUNT = "gharchivetest"
SAMPLES = Path(os.environ.get("GHARCHIVE_SAMPLES", "/work/shared/data"))


class Storage(NamedTuple):
    """An account: its owner's client for looking, and SAS tokens for the code under test."""

    url: str
    key: str
    owner: BlobServiceClient

    def sas(self, permission: str = "rwc", hours: float = 1) -> str:
        """Return an object-level SAS; negative hours have expired."""
        now = datetime.now(UTC)
        return generate_account_sas(
            ACCOUNT,
            self.key,
            ResourceTypes(object=True),
            AccountSasPermissions(
                read="r" in permission, write="w" in permission, create="c" in permission
            ),
            expiry=now + timedelta(hours=hours),
            start=now - timedelta(days=1),
        )

    def containers(self, prefix: str, sas: str) -> Containers:
        """Return clients for three containers, without the SDK's slow retries."""
        return Containers(
            *(
                ContainerClient(self.url, f"{prefix}-{role}", credential=sas, retry_total=0)
                for role in Containers._fields
            )
        )


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    main = Path(os.environ.get("AZURITE_BLOB", AZURITE_BLOB))
    runtime = str(node()) if node().exists() else shutil.which("node")
    if runtime is None or not main.exists():
        pytest.fail(f"Azurite is not at {main}: run `make setup`, or set AZURITE_BLOB")
    command = [runtime, str(main), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command += ["--location", str(tmp_path_factory.mktemp("azurite")), "--silent"]
    command += ["--skipApiVersionCheck", "--disableTelemetry"]
    process = subprocess.Popen(command, env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"})
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    pytest.fail("Azurite did not start")
                time.sleep(0.05)
        url = f"http://127.0.0.1:{port}/{ACCOUNT}"
        yield Storage(url, key, BlobServiceClient(url, credential=key))
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def prefix(storage: Storage) -> str:
    """Return the name of three fresh containers, without the part that says which."""
    prefix = f"t{secrets.token_hex(6)}"
    for role in Containers._fields:
        storage.owner.create_container(f"{prefix}-{role}")
    return prefix


@pytest.fixture
def containers(storage: Storage, prefix: str) -> Containers:
    return storage.containers(prefix, storage.sas())


@pytest.fixture
def archive() -> Iterator[ArchiveServer]:
    with ArchiveServer() as server:
        yield server


@pytest.fixture
def settings(archive: ArchiveServer) -> IngestSettings:
    return IngestSettings(base_url=archive.base_url, retry_wait=0.01, read_timeout=5)


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Read one of the real files, or skip where they are not at hand."""

    def read(name: str) -> bytes:
        path = SAMPLES / name
        if not path.exists():
            pytest.skip(f"{path} is missing; set GHARCHIVE_SAMPLES to the folder of real hours")
        return path.read_bytes()

    return read


def event(number: int, kind: str = "PushEvent", **fields: Any) -> dict[str, Any]:
    """Return a small event of the Events era."""
    made = {
        "id": str(number),
        "type": kind,
        "actor": {"id": 1, "login": "octocat"},
        "repo": {"id": 2, "name": "octocat/hello-world"},
        "payload": {"size": 1, "commits": []},
        "public": True,
        "created_at": f"2015-01-01T12:{number % 60:02}:00Z",
    }
    return made | fields


def ndjson(*events: dict[str, Any]) -> bytes:
    """Return events as lines."""
    return b"".join(json.dumps(made).encode() + b"\n" for made in events)


def gz(content: bytes) -> bytes:
    """Compress with zlib, as the archive does."""
    return gzip.compress(content, mtime=0)


def downloaded(container: ContainerClient, name: str) -> bytes:
    """Return a blob's bytes as stored."""
    return container.download_blob(name).readall()
