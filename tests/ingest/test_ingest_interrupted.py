"""Writers that are killed or meet one another: readers never see half an hour or a mix."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from include.ingest import Containers, IngestSettings, ingest_hour
from include.ingest.command import main
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import blobs, downloaded, event, gz, ndjson, without_times
from tests.ingest.defects import AFTER, BEFORE, GOOD
from tests.ingest.tcp_proxy import TcpProxy

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]

HOUR = datetime(2015, 1, 1, 12)
FILE = "2015-01-01-12.json.gz"
BLOB = "2015/01/01/12.json.gz"
RECORD = "2015/01/01/12.json"


def test_writers_side_by_side_end_with_one_blob_and_its_record(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
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
    containers: AzureContainers,
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


# --- Kills at any moment -------------------------------------------------------------------------

HOURS = range(10, 16)
RANGE = f"2015-01-01T{HOURS.start}..2015-01-01T{HOURS.stop - 1}"
FILES = [
    gz(GOOD + AFTER),
    gz(BEFORE + b"bad\n" + AFTER),
    gz(BEFORE) + gz(AFTER),
    b"",
    gz(ndjson(event(1, "GollumEvent"))),
    gz(AFTER + BEFORE),
]


class Kills:
    """Ingests the six hours into containers of their own, undisturbed or not."""

    def __init__(
        self,
        archive: ArchiveServer,
        storage: Storage,
        proxy: TcpProxy,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.storage, self.proxy, self.monkeypatch = storage, proxy, monkeypatch
        self.archive = archive
        for hour, body in zip(HOURS, FILES, strict=True):
            archive.serve(f"2015-01-01-{hour}.json.gz", Answer(body))

    def make_containers(self) -> str:
        prefix = f"k{secrets.token_hex(6)}"
        for role in Containers._fields:
            self.storage.owner.create_container(f"{prefix}-{role}")
        return prefix

    def arguments(self, prefix: str, hours: str, address: str) -> list[str]:
        url = self.storage.url.replace(self.storage.address, address)
        return [hours, "--base-url", self.archive.base_url, "--to", f"{url}/{prefix}-events"]

    def run(self, prefix: str, packets: int | None = None) -> int:
        """Run the command until so many packets went to or came from storage; return how many."""
        before = self.proxy.packets
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "include.ingest"),
                *self.arguments(prefix, RANGE, self.proxy.address),
            ],
            cwd=PROJECT,
            env=os.environ | {"GHARCHIVE_BLOB_SAS": self.storage.sas()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                if packets is not None and self.proxy.packets - before >= packets:
                    break
                time.sleep(0.001)
            return self.proxy.packets - before
        finally:
            # The workers as well: they are of the same group
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def rerun(self, prefix: str) -> None:
        """Run to the end what was killed."""
        self.monkeypatch.setenv("GHARCHIVE_BLOB_SAS", self.storage.sas())
        for hour in HOURS:
            assert main(self.arguments(prefix, f"2015-01-01T{hour}", self.storage.address)) == 0


@pytest.fixture
def kills(
    archive: ArchiveServer, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kills]:
    with TcpProxy(storage.address) as proxy:
        yield Kills(archive, storage, proxy, monkeypatch)


def described(stored: dict[str, bytes]) -> set[str]:
    """Return the names of the blobs that records tell of, which must be as these say."""
    names = set()
    for name, data in stored.items():
        if name.startswith("outcomes/"):
            record = json.loads(data)
            blob = stored.get(f"events/{record['blob_name']}")
            assert record["content_sha256"] == (blob and hashlib.sha256(blob).hexdigest())
            names.add(f"events/{record['blob_name']}")
    return names


@pytest.mark.parametrize(
    "times", [5, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
)
def test_hours_that_were_killed_at_any_moment_end_as_if_they_had_not_been(
    times: int, kills: Kills, storage: Storage
) -> None:
    undisturbed = kills.make_containers()
    packets = kills.run(undisturbed)
    wanted = without_times(blobs(storage, undisturbed))
    assert len([name for name in wanted if name.startswith("outcomes/")]) == len(HOURS)

    moments = random.Random(2015)
    unfinished = 0
    for _ in range(times):
        prefix = kills.make_containers()
        kills.run(prefix, moments.randrange(packets))
        left = blobs(storage, prefix)
        assert all(wanted[name] == data for name, data in without_times(left).items())
        unfinished += len(described(left)) < len(HOURS)

        kills.rerun(prefix)
        stored = blobs(storage, prefix)
        assert without_times(stored) == wanted
        assert {name for name in stored if name.startswith("events/")} <= described(stored)
    assert unfinished > times / 2
