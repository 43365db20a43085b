"""Writers that are killed or meet one another: readers never see half an hour or a mix."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from datetime import datetime

import msgspec

from include.ingest import Containers, IngestSettings, ingest_hour
from tests.blob_storage import Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import downloaded, event, gz, ndjson

HOUR = datetime(2015, 1, 1, 12)
FILE = "2015-01-01-12.json.gz"
BLOB = "2015/01/01/12.json.gz"
RECORD = "2015/01/01/12.json"


def test_writers_side_by_side_end_with_one_blob_and_its_record(
    archive: ArchiveServer, settings: IngestSettings, containers: Containers
) -> None:
    """Same hour at once, half of them with other types: the record describes the blob."""
    archive.serve(FILE, Answer(gz(ndjson(*(event(n) for n in range(50)), event(99, "New")))))
    patient = msgspec.structs.replace(settings, attempts=10, retry_wait=0.05)
    narrow = msgspec.structs.replace(patient, kept_types=frozenset({"New"}))
    failures: list[BaseException] = []

    def work(chosen: IngestSettings) -> None:
        try:
            ingest_hour(HOUR, chosen, containers)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(s,)) for s in (patient, narrow) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    record = json.loads(downloaded(containers.outcomes, RECORD))
    blob = downloaded(containers.events, BLOB)
    assert record["content_sha256"] == hashlib.sha256(blob).hexdigest()


def test_a_kill_in_the_middle_leaves_no_visible_blob(
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: Containers,
) -> None:
    noise = [event(n, payload={"noise": secrets.token_urlsafe(40_000)}) for n in range(200)]
    source = gz(ndjson(*noise))
    archive.serve(FILE, Answer(source, sends=len(source) - 100, then_stalls=True), Answer(source))
    code = (
        "import os\n"
        "from datetime import datetime\n"
        "from azure.storage.blob import ContainerClient\n"
        "from include.ingest import Containers, IngestSettings, ingest_hour\n"
        "url, prefix, sas, base = (os.environ[n] for n in ('URL', 'PREFIX', 'SAS', 'BASE'))\n"
        "roles = ('events', 'outcomes', 'quarantine')\n"
        "c = [ContainerClient(url, f'{prefix}-{r}', credential=sas) for r in roles]\n"
        "ingest_hour(datetime(2015, 1, 1, 12), IngestSettings(base_url=base), Containers(*c))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": ".",
            "URL": storage.url,
            "PREFIX": prefix,
            "SAS": storage.sas(),
            "BASE": archive.base_url,
        },
    )
    try:
        assert archive.stalled.wait(30)
        while not (staged := uncommitted_blocks(storage, prefix)):
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert staged
    assert not containers.events.get_blob_client(BLOB).exists()
    assert not containers.outcomes.get_blob_client(RECORD).exists()

    outcome = ingest_hour(HOUR, settings, containers)
    assert outcome.lines_read == 200
    assert gzip.decompress(downloaded(containers.events, BLOB)) == ndjson(*noise)


def uncommitted_blocks(storage: Storage, prefix: str) -> list[object]:
    listed = storage.owner.get_container_client(f"{prefix}-events").list_blobs(
        include=["uncommittedblobs"]
    )
    if not list(listed):
        return []
    client = storage.owner.get_blob_client(f"{prefix}-events", BLOB)
    return list(client.get_block_list("uncommitted")[1])
