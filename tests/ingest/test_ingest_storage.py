"""Blob storage that fails at any moment: an error worth a retry, and the retry finds no trace."""

from __future__ import annotations

import gzip
import json
import secrets
import traceback
from collections.abc import Iterator

import msgspec
import pytest

from include.ingest import (
    ArchiveHour,
    HourOutcome,
    IngestSettings,
    TransientIngestError,
    UnusableHour,
    ingest_hour,
)
from include.ingest.blob import GzipBlob, JsonBlob
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import blobs, downloaded, event, gz, ndjson
from tests.ingest.defects import FILE, GOOD, HOUR, SOURCE, through
from tests.ingest.tcp_proxy import Direction, Fault, TcpProxy

BLOB = ArchiveHour.of(HOUR).events_name
RECORD = ArchiveHour.of(HOUR).outcome_name


@pytest.fixture
def proxy(storage: Storage) -> Iterator[TcpProxy]:
    with TcpProxy(storage.address) as proxy:
        yield proxy


@pytest.fixture
def once(settings: IngestSettings) -> IngestSettings:
    return msgspec.structs.replace(settings, attempts=1)


def assert_whole(storage: Storage, prefix: str, outcome: HourOutcome) -> None:
    stored = blobs(storage, prefix)
    assert sorted(stored) == [f"events/{BLOB}", f"outcomes/{RECORD}"]
    assert gzip.decompress(stored[f"events/{BLOB}"]) == GOOD
    assert json.loads(stored[f"outcomes/{RECORD}"]) == outcome.to_dict()


@pytest.mark.parametrize(
    ("fault", "direction", "share"),
    [("breaks", "requests", share / 5) for share in range(5)]
    + [("breaks", "answers", share / 5) for share in range(5)]
    + [("stalls", "requests", 0.5), ("stalls", "answers", 0.0), ("stalls", "answers", 0.9)],
)
def test_storage_may_fail_after_any_share_of_the_traffic(
    fault: Fault,
    direction: Direction,
    share: float,
    proxy: TcpProxy,
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    once: IngestSettings,
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    containers = through(proxy, storage, prefix)
    ingest_hour(HOUR, once, containers)
    proxy.fail(fault, direction, int(share * proxy.passed[direction]))
    storage.owner.get_blob_client(f"{prefix}-events", BLOB).delete_blob()
    storage.owner.get_blob_client(f"{prefix}-outcomes", RECORD).delete_blob()

    with pytest.raises(TransientIngestError, match=r"no answer .*Retry") as caught:
        ingest_hour(HOUR, once, through(proxy, storage, prefix))

    assert "sig=" not in "".join(traceback.format_exception(caught.value))
    # Its very last answer, to the record, may be what was lost
    if f"outcomes/{RECORD}" in (stored := blobs(storage, prefix)):
        assert gzip.decompress(stored[f"events/{BLOB}"]) == GOOD
    proxy.heal()
    assert_whole(storage, prefix, ingest_hour(HOUR, once, through(proxy, storage, prefix)))


def test_a_lost_answer_to_the_commit_is_no_failure_if_storage_is_back(
    proxy: TcpProxy,
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    settings: IngestSettings,
) -> None:
    """Each break hits one answer; the next try of the same call finds what did arrive."""
    archive.serve(FILE, Answer(SOURCE))
    containers = through(proxy, storage, prefix)
    ingest_hour(HOUR, settings, containers)
    answers = proxy.passed["answers"]
    for share in range(1, 10):
        for role, name in (("events", BLOB), ("outcomes", RECORD)):
            storage.owner.get_blob_client(f"{prefix}-{role}", name).delete_blob()
        proxy.fail("breaks", "answers", answers * share // 10, once=True)
        outcome = ingest_hour(HOUR, settings, through(proxy, storage, prefix))
        assert_whole(storage, prefix, outcome)


def test_a_record_that_breaks_off_while_it_is_read_is_worth_a_retry(
    proxy: TcpProxy, storage: Storage, prefix: str, archive: ArchiveServer, once: IngestSettings
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    # Longer than what comes with the answer's head
    record = storage.owner.get_blob_client(f"{prefix}-outcomes", RECORD)
    record.upload_blob(b" " * 200_000)
    proxy.fail("breaks", "answers", 100_000)
    with pytest.raises(TransientIngestError, match="Retry"):
        ingest_hour(HOUR, once, through(proxy, storage, prefix))


def test_an_answer_that_breaks_off_is_not_taken_for_a_refusal(
    proxy: TcpProxy, storage: Storage, prefix: str, archive: ArchiveServer, once: IngestSettings
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    containers = through(proxy, storage, prefix)
    JsonBlob(containers.outcomes, RECORD)
    proxy.fail("breaks", "answers", proxy.passed["answers"] - 10, cuts_packets=True)
    with pytest.raises(TransientIngestError, match="Retry"):
        ingest_hour(HOUR, once, through(proxy, storage, prefix))


def test_no_error_shows_the_sas(
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    once: IngestSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    caplog.set_level("INFO")
    sas = storage.sas("r")
    dead = Storage("127.0.0.1:1", storage.key, storage.owner)
    for where in (storage, dead):
        with pytest.raises(Exception, match=r"Blob .* on 127") as caught:
            ingest_hour(HOUR, once, where.containers(prefix, sas))
        signature = sas.rpartition("sig=")[2]
        assert signature not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert isinstance(caught.value, TransientIngestError)


def test_a_slower_writer_never_overwrites_what_it_has_not_seen(
    containers: AzureContainers,
) -> None:
    for _ in ("a new blob", "a replacement"):
        content = secrets.token_bytes(100)
        slow, same, fast = (GzipBlob(containers.events, BLOB) for _ in range(3))
        slow.write(b"something else")
        same.write(content)
        fast.write(content)
        published = fast.publish()
        with pytest.raises(TransientIngestError, match="another writer was faster"):
            slow.publish()
        assert same.publish() == published
        assert gzip.decompress(downloaded(containers.events, BLOB)) == content

    for text in (b"first", b"second"):
        slow_record, fast_record = (JsonBlob(containers.outcomes, BLOB) for _ in range(2))
        fast_record.replace(text)
        with pytest.raises(TransientIngestError, match="another writer was faster"):
            slow_record.replace(b"stale")
        assert downloaded(containers.outcomes, BLOB) == text


def test_a_failure_of_the_quarantine_leaves_the_hour_unpublished(
    proxy: TcpProxy, storage: Storage, prefix: str, archive: ArchiveServer, once: IngestSettings
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1)) + b"bad\n")))
    containers = through(proxy, storage, prefix)
    missing = through(proxy, storage, "absent").quarantine
    with pytest.raises(Exception, match="ContainerNotFound"):
        ingest_hour(HOUR, once, containers._replace(quarantine=missing))
    assert blobs(storage, prefix) == {}
    with pytest.raises(UnusableHour):
        ingest_hour(HOUR, once, containers)
