"""Every way an hour fails: the right kind of error, a message to act on, nothing half done."""

from __future__ import annotations

import gzip
import random
import re
import secrets
import traceback
from datetime import datetime

import msgspec
import pytest

from include.ingest import (
    Containers,
    IngestError,
    IngestSettings,
    NotYetPublished,
    PermanentIngestError,
    TransientIngestError,
    ingest_hour,
)
from include.ingest.blob import GzipBlob, JsonBlob
from tests.blob_storage import Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import downloaded, event, gz, ndjson

HOUR = datetime(2015, 1, 1, 12)
FILE = "2015-01-01-12.json.gz"
BLOB = "2015/01/01/12.json.gz"

CONTENT = ndjson(*(event(n, payload={"r": random.Random(n).random()}) for n in range(500)))
SOURCE = gz(CONTENT)
DAMAGED = SOURCE[: len(SOURCE) // 2] + b"\x55" * 8 + SOURCE[len(SOURCE) // 2 + 8 :]
WRONG_CRC = SOURCE[:-8] + bytes([SOURCE[-8] ^ 1]) + SOURCE[-7:]

TRANSIENT = {
    "the copy is cut": (Answer(SOURCE[:-500]), "truncated"),
    "the copy lacks its trailer": (Answer(SOURCE[:-8]), "truncated"),
    "the second member is cut": (Answer(SOURCE + SOURCE[:9]), "truncated"),
    "the copy is damaged": (Answer(DAMAGED), "corrupt"),
    "the checksum is wrong": (Answer(WRONG_CRC), "corrupt"),
    "something follows the gzip": (Answer(SOURCE + b"<html>" * 9), "corrupt"),
    "the connection drops": (Answer(SOURCE, sends=len(SOURCE) - 9), "bytes"),
    "the connection drops at once": (Answer(SOURCE, sends=0), "bytes"),
    "a chunked answer drops": (Answer(SOURCE, sends=1000, chunked=True), "bytes"),
    "the archive stalls": (Answer(SOURCE, sends=1000, then_stalls=True), "bytes"),
    "500": (Answer(b"oops", status=500), "500"),
    "503": (Answer(b"busy", status=503), "503"),
    "429": (Answer(b"slow down", status=429), "429"),
}
PERMANENT = {
    "401": (Answer(b"who?", status=401), "401"),
    "403": (Answer(b"no", status=403), "403"),
    "410": (Answer(b"gone", status=410), "410"),
    "a page": (Answer(b"<html>Log in</html>", headers={"Content-Type": "text/html"}), "not gzip"),
    "one byte": (Answer(b"\x1f"), "not gzip"),
    "plain lines": (Answer(CONTENT), "not gzip"),
    "an endless redirect": (Answer(status=302, headers={"Location": f"/{FILE}"}), "base_url"),
}


def assert_nothing_is_visible(containers: Containers) -> None:
    for container in containers[:2]:
        for name in (BLOB, "2015/01/01/12.json"):
            assert not container.get_blob_client(name).exists()


@pytest.mark.parametrize("answer", TRANSIENT)
def test_a_retry_may_help(
    answer: str, archive: ArchiveServer, settings: IngestSettings, containers: Containers
) -> None:
    fault, says = TRANSIENT[answer]
    archive.serve(FILE, fault)
    once = msgspec.structs.replace(settings, attempts=1, read_timeout=0.3)
    with pytest.raises(TransientIngestError, match=says) as caught:
        ingest_hour(HOUR, once, containers)
    assert not isinstance(caught.value, NotYetPublished)
    assert FILE in str(caught.value)
    assert "etry" in str(caught.value)
    assert_nothing_is_visible(containers)


@pytest.mark.parametrize("answer", PERMANENT)
def test_a_person_has_to_look(
    answer: str, archive: ArchiveServer, settings: IngestSettings, containers: Containers
) -> None:
    fault, says = PERMANENT[answer]
    archive.serve(FILE, fault)
    with pytest.raises(PermanentIngestError, match=says) as caught:
        ingest_hour(HOUR, settings, containers)
    assert FILE in str(caught.value)
    assert len([request for request in archive.requests if request.status == fault.status]) in (
        1,
        31,  # the redirect limit of requests, and not three times that
    )
    assert_nothing_is_visible(containers)


def test_a_passing_fault_is_retried_within_the_call(
    archive: ArchiveServer, settings: IngestSettings, containers: Containers
) -> None:
    archive.serve(FILE, Answer(status=503), Answer(SOURCE, sends=len(SOURCE) // 2), Answer(SOURCE))
    assert ingest_hour(HOUR, settings, containers).lines_read == 500
    assert gzip.decompress(downloaded(containers.events, BLOB)) == CONTENT


def test_a_failed_replacement_leaves_the_old_hour(
    archive: ArchiveServer, settings: IngestSettings, containers: Containers
) -> None:
    archive.serve(FILE, Answer(SOURCE), Answer(gz(ndjson(event(1))), sends=30))
    first = ingest_hour(HOUR, settings, containers)
    with pytest.raises(TransientIngestError):
        ingest_hour(HOUR, settings, containers)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == CONTENT
    archive.serve(FILE, Answer(SOURCE))
    assert ingest_hour(HOUR, settings, containers) == first


def test_a_dripping_archive_hits_the_total_timeout(
    archive: ArchiveServer, settings: IngestSettings, containers: Containers
) -> None:
    archive.serve(FILE, Answer(SOURCE, chunk_bytes=1, pause=0.02))
    hasty = msgspec.structs.replace(settings, attempts=1, total_timeout=0.3)
    with pytest.raises(TransientIngestError, match=r"longer than 0\.3 s"):
        ingest_hour(HOUR, hasty, containers)


def test_an_unreachable_archive_is_transient(
    settings: IngestSettings, containers: Containers
) -> None:
    nowhere = msgspec.structs.replace(settings, base_url="http://127.0.0.1:1", attempts=1)
    with pytest.raises(TransientIngestError, match="could not be reached"):
        ingest_hour(HOUR, nowhere, containers)


def test_a_base_url_that_is_none_is_permanent(
    settings: IngestSettings, containers: Containers
) -> None:
    wrong = msgspec.structs.replace(settings, base_url="data.example.org")
    with pytest.raises(PermanentIngestError, match="Check base_url"):
        ingest_hour(HOUR, wrong, containers)


def failure(settings: IngestSettings, containers: Containers) -> IngestError:
    with pytest.raises(IngestError) as caught:
        ingest_hour(HOUR, settings, containers)
    return caught.value


def test_storage_refusals_are_permanent_and_say_what_to_do(
    storage: Storage, prefix: str, archive: ArchiveServer, settings: IngestSettings
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    expired = failure(settings, storage.containers(prefix, storage.sas(hours=-1)))
    assert isinstance(expired, PermanentIngestError)
    assert re.search("403 Auth[a-zA-Z]+: renew the SAS", str(expired))
    read_only = failure(settings, storage.containers(prefix, storage.sas("r")))
    assert isinstance(read_only, PermanentIngestError)
    assert re.search("403 Auth[a-zA-Z]+: renew the SAS", str(read_only))
    absent = failure(settings, storage.containers("absent", storage.sas()))
    assert isinstance(absent, PermanentIngestError)
    assert "404 ContainerNotFound: create the container" in str(absent)


def test_no_error_shows_the_sas(
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    settings: IngestSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    caplog.set_level("INFO")
    sas = storage.sas("r")
    dead = Storage("127.0.0.1:1", storage.key, storage.owner)
    once = msgspec.structs.replace(settings, attempts=1)
    for where in (storage, dead):
        error = failure(once, where.containers(prefix, sas))
        signature = sas.rpartition("sig=")[2]
        assert signature not in "".join(traceback.format_exception(error)) + caplog.text
    assert isinstance(error, TransientIngestError)


def test_a_slower_writer_never_overwrites_what_it_has_not_seen(containers: Containers) -> None:
    client = containers.events.get_blob_client(BLOB)
    for _ in ("a new blob", "a replacement"):
        content = secrets.token_bytes(100)
        slow, same, fast = (GzipBlob(client) for _ in range(3))
        slow.write(b"something else")
        same.write(content)
        fast.write(content)
        published = fast.publish()
        with pytest.raises(TransientIngestError, match="another writer was faster"):
            slow.publish()
        assert same.publish() == published
        assert gzip.decompress(downloaded(containers.events, BLOB)) == content

    record = containers.outcomes.get_blob_client(BLOB)
    for text in (b"first", b"second"):
        slow_record, fast_record = JsonBlob(record), JsonBlob(record)
        fast_record.replace(text)
        with pytest.raises(TransientIngestError, match="another writer was faster"):
            slow_record.replace(b"stale")
        assert downloaded(containers.outcomes, BLOB) == text
