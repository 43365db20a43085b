"""An archive that the tests fill, and blobs to look at."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.storage.blob import ContainerClient

from include.ingest import Containers, IngestSettings
from tests.archive_samples import sample
from tests.blob_storage import Storage
from tests.ingest.archive_server import ArchiveServer


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


@pytest.fixture(name="sample")
def real_hour() -> Callable[[str], bytes]:
    """Read one of the real files, or skip where they are not at hand."""
    return lambda name: sample(name).read_bytes()


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
