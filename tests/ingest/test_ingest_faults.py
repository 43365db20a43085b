"""What a call does about a fault: it tries again, waits as asked, and gives up in time."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest

from include.ingest import (
    ArchiveHour,
    IngestSettings,
    NotYetPublished,
    PermanentIngestError,
    TransientIngestError,
    hour,
    ingest_hour,
)
from tests.blob_storage import AzureContainers
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import downloaded, event, gz, ndjson
from tests.ingest.defects import FILE, GOOD, HALF, HOUR, SOURCE

BLOB = ArchiveHour.of(HOUR).events_name


def busy(retry_after: str) -> Answer:
    return Answer(b"slow down", status=429, headers={"Retry-After": retry_after})


def test_a_passing_fault_is_retried_within_the_call(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(status=503), Answer(SOURCE, sends=HALF), Answer(SOURCE))
    assert ingest_hour(HOUR, settings, containers).lines_read == 600
    assert gzip.decompress(downloaded(containers.events, BLOB)) == GOOD


def test_a_fault_that_stays_is_tried_as_often_as_set(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(status=503))
    with pytest.raises(TransientIngestError) as caught:
        ingest_hour(HOUR, msgspec.structs.replace(settings, attempts=4), containers)
    assert not isinstance(caught.value, NotYetPublished)
    assert len(archive.requests) == 4


def test_a_failed_replacement_leaves_the_old_hour(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(SOURCE), Answer(gz(ndjson(event(1))), sends=30))
    first = ingest_hour(HOUR, settings, containers)
    with pytest.raises(TransientIngestError):
        ingest_hour(HOUR, settings, containers)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == GOOD
    archive.serve(FILE, Answer(SOURCE))
    assert ingest_hour(HOUR, settings, containers) == first


def test_a_dripping_archive_hits_the_total_timeout(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(SOURCE, chunk_bytes=1, pause=0.02))
    hasty = msgspec.structs.replace(settings, attempts=1, total_timeout=0.3)
    with pytest.raises(TransientIngestError, match=r"longer than 0\.3 s"):
        ingest_hour(HOUR, hasty, containers)


def test_a_dripping_archive_cannot_win_time_by_breaking_off(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    drips = Answer(SOURCE, chunk_bytes=1, pause=0.02, sends=10, resumes=True)
    archive.serve(FILE, drips)
    hasty = msgspec.structs.replace(settings, total_timeout=0.3)
    began = time.monotonic()
    with pytest.raises(TransientIngestError, match=r"longer than 0\.3 s"):
        ingest_hour(HOUR, hasty, containers)
    assert time.monotonic() - began < 5


def test_a_base_url_that_is_none_is_permanent(
    settings: IngestSettings, containers: AzureContainers
) -> None:
    wrong = msgspec.structs.replace(settings, base_url="data.example.org")
    with pytest.raises(PermanentIngestError, match="Check base_url"):
        ingest_hour(HOUR, wrong, containers)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_busy_archive_is_left_alone_for_as_long_as_it_asks(
    form: str, archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=2)
    archive.serve(
        FILE, busy("1" if form == "seconds" else format_datetime(until, True)), Answer(SOURCE)
    )
    began = time.monotonic()
    assert ingest_hour(HOUR, settings, containers).lines_read == 600
    # A date has no fractions of a second
    assert time.monotonic() - began >= (1 if form == "seconds" else 0.9)


def test_a_busy_archive_is_not_left_alone_for_hours_within_a_call(
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound is a minute; here a shorter one, or this test would take as long."""
    assert hour.MAX_RETRY_AFTER <= 60
    monkeypatch.setattr(hour, "MAX_RETRY_AFTER", 0.3)
    archive.serve(FILE, busy("3600"), Answer(SOURCE))
    began = time.monotonic()
    assert ingest_hour(HOUR, settings, containers).lines_read == 600
    assert 0.3 <= time.monotonic() - began < 5

    archive.serve(FILE, busy("3600"))
    with pytest.raises(TransientIngestError, match="429") as caught:
        ingest_hour(HOUR, msgspec.structs.replace(settings, attempts=1), containers)
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize("value", ["soon", "-5", "", "Thu, 01 Jan 2015 12:00:00 GMT", "²"])
def test_a_retry_after_that_asks_for_nothing_is_not_waited_for(
    value: str, archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, busy(value), Answer(SOURCE))
    began = time.monotonic()
    ingest_hour(HOUR, settings, containers)
    assert time.monotonic() - began < 1
