"""An archive that the tests fill, and blobs to look at."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.storage.blob import ContainerClient

from include.ingest import Containers, HourOutcome, IngestSettings
from tests.archive_samples import sample
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import ArchiveServer


@pytest.fixture
def prefix(storage: Storage) -> str:
    """Return the name of three fresh containers, without the part that says which."""
    prefix = f"t{secrets.token_hex(6)}"
    for role in Containers._fields:
        storage.owner.create_container(f"{prefix}-{role}")
    return prefix


@pytest.fixture
def containers(storage: Storage, prefix: str) -> AzureContainers:
    return storage.containers(prefix, storage.sas())


@pytest.fixture
def folders(tmp_path: Path) -> Containers[Path]:
    return Containers.opened(tmp_path.joinpath, prefix="")


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


def blobs(storage: Storage, prefix: str) -> dict[str, bytes]:
    """Return all that is visible in the three containers, by names such as `events/2015/…`."""
    found = {}
    for role in Containers._fields:
        container = storage.owner.get_container_client(f"{prefix}-{role}")
        for blob in container.list_blobs():
            found[f"{role}/{blob.name}"] = downloaded(container, blob.name)
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Return all that lies in a folder, hidden or not, by names such as `events/2015/…`."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def apart_from_times(outcome: HourOutcome) -> HourOutcome:
    """Return what any run makes of the same hour."""
    return msgspec.structs.replace(
        outcome, ingested_at=datetime(2015, 1, 1), blob_last_modified=None
    )


def without_times(stored: dict[str, bytes]) -> dict[str, object]:
    """Return what is stored; of a record all but when it was made."""
    times = {"ingested_at": None, "blob_last_modified": None}
    return {
        name: json.loads(data) | times if name.endswith(".json") else data
        for name, data in stored.items()
    }
