"""The same hour gives the same bytes, however it came and was cut, and on any machine."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include.ingest import IngestSettings, ingest_hour
from include.ingest.blob import GzipBlob
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import event, files, gz, ndjson
from tests.ingest.defects import BEFORE, FILE, GOOD

pytestmark = pytest.mark.slow

CONTENT = (b"0123456789abcdef" * 11 + bytes(range(256))) * 6944


@pytest.fixture(scope="session")
def published(storage: Storage) -> tuple[ContainerClient, str]:
    """Return a container whose blob `blob` holds CONTENT, and its hash."""
    container = storage.owner.create_container("determinism")
    sha256 = publish(container, [CONTENT])
    stored = container.download_blob("blob").readall()
    assert sha256 == hashlib.sha256(stored).hexdigest()
    assert gzip.decompress(stored) == CONTENT
    return container, sha256


@hypothesis_settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(0, len(CONTENT)), max_size=40))
def test_the_same_content_gives_the_same_bytes_however_it_is_cut(
    cuts: list[int], published: tuple[ContainerClient, str]
) -> None:
    container, sha256 = published
    edges = [0, *sorted(cuts), len(CONTENT)]
    assert publish(container, [CONTENT[a:b] for a, b in pairwise(edges)]) == sha256


def publish(container: ContainerClient, pieces: list[bytes]) -> str | None:
    blob = GzipBlob(container, "blob")
    for piece in pieces:
        blob.write(piece)
    return blob.publish().sha256


@hypothesis_settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chunk_bytes=st.integers(50, 5000), chunked=st.booleans(), level=st.integers(1, 9))
def test_the_same_hour_gives_the_same_blob_in_any_network_chunking(
    chunk_bytes: int,
    chunked: bool,
    level: int,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    source = gzip.compress(ndjson(*(event(n) for n in range(300))), level, mtime=0)
    archive.serve("2015-01-01-12.json.gz", Answer(source))
    first = ingest_hour(datetime(2015, 1, 1, 12), settings, containers)
    archive.serve(
        "2015-01-01-12.json.gz", Answer(source + gz(b""), chunk_bytes=chunk_bytes, chunked=chunked)
    )
    second = ingest_hour(datetime(2015, 1, 1, 12), settings, containers)
    assert second.content_sha256 == first.content_sha256


def test_the_same_hour_gives_the_same_bytes_in_any_process(
    archive: ArchiveServer, tmp_path: Path
) -> None:
    """Also the record, to its last byte: no order in it is by chance."""
    types = [event(n, kind) for n, kind in enumerate(["WatchEvent", "GollumEvent", "A", "B"] * 9)]
    archive.serve(FILE, Answer(gz(BEFORE + b"bad\n" + ndjson(*types) + b"\xff\n" + GOOD)))
    stored = []
    for seed in ("0", "1", "2"):
        folder = tmp_path / seed
        where = ["--base-url", archive.base_url, "--to", str(folder)]
        subprocess.run(
            [sys.executable, "-m", "include.ingest", "2015-01-01T12", *where],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        times = rb'"(ingested_at|blob_last_modified)":"[^"]+"'
        stored.append({name: re.sub(times, b"", data) for name, data in files(folder).items()})
    assert stored[0] == stored[1] == stored[2]
    assert len(stored[0]) == 3
