"""A download that breaks off goes on where it was, if the archive still has the same file."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import msgspec
import pytest

from include.ingest import (
    ArchiveHour,
    HourOutcome,
    IngestSettings,
    TransientIngestError,
    ingest_hour,
)
from tests.blob_storage import AzureContainers
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import apart_from_times, downloaded, gz
from tests.ingest.defects import AFTER, BEFORE, FILE, GOOD, HALF, HOUR, OTHER, SOURCE, hashed

BLOB = ArchiveHour.of(HOUR).events_name

Ingest = Callable[..., HourOutcome]


@pytest.fixture
def ingest(archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers) -> Ingest:
    """Ingest the hour that the archive has in these answers."""

    def ingest(*answers: Answer, **changes: object) -> HourOutcome:
        archive.serve(FILE, *answers)
        return ingest_hour(HOUR, msgspec.structs.replace(settings, **changes), containers)

    return ingest


def statuses(archive: ArchiveServer) -> list[int]:
    return [request.status for request in archive.requests]


@pytest.mark.parametrize("chunked", [False, True], ids=["by length", "chunked"])
@pytest.mark.parametrize("types", ["usual", "all"])
def test_a_broken_download_goes_on_and_gives_the_same_hour(
    types: str,
    chunked: bool,
    ingest: Ingest,
    archive: ArchiveServer,
    containers: AzureContainers,
    settings: IngestSettings,
) -> None:
    dropped = frozenset[str]() if types == "all" else settings.dropped_types
    whole = ingest(Answer(SOURCE), dropped_types=dropped)
    stored = downloaded(containers.events, BLOB)

    archive.requests.clear()
    broken = Answer(SOURCE, sends=HALF, chunked=chunked, resumes=True, headers=hashed(SOURCE, b""))
    other_version = gz(OTHER)
    ingest(Answer(other_version), dropped_types=dropped)
    resumed = ingest(broken, Answer(SOURCE, resumes=True), dropped_types=dropped)

    assert statuses(archive) == [200, 200, 206]
    assert archive.requests[-1].sent_bytes == len(SOURCE) - HALF
    assert resumed.verdict == "republished"
    assert apart_from_times(resumed) == msgspec.structs.replace(
        apart_from_times(whole), verdict="republished"
    )
    assert downloaded(containers.events, BLOB) == stored


def test_it_may_break_several_times_and_its_bytes_count_once(
    ingest: Ingest, archive: ArchiveServer, containers: AzureContainers
) -> None:
    step = len(SOURCE) // 4 + 1
    outcome = ingest(Answer(SOURCE, sends=step, resumes=True), attempts=3)
    assert statuses(archive) == [200, 206, 206, 206]
    assert sum(request.sent_bytes for request in archive.requests) == len(SOURCE)
    assert outcome.source_bytes == len(SOURCE)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == GOOD


def test_a_stall_is_a_break_too(ingest: Ingest, archive: ArchiveServer) -> None:
    stalls = Answer(SOURCE, sends=HALF, then_stalls=True, resumes=True)
    outcome = ingest(stalls, Answer(SOURCE, resumes=True), read_timeout=0.3)
    assert statuses(archive) == [200, 206]
    assert outcome.lines_read == 600


def test_it_may_not_break_without_end(ingest: Ingest, archive: ArchiveServer) -> None:
    drips = Answer(SOURCE, sends=1000, resumes=True)
    with pytest.raises(TransientIngestError, match=r"broke off after \d+ bytes .*Retry"):
        ingest(drips, attempts=2)
    # Two tries, each of them with two resumptions
    assert statuses(archive) == [200, 206, 206] * 2


@pytest.mark.parametrize(
    "then",
    [
        Answer(SOURCE),
        Answer(SOURCE, resumes=True, tag='W/"weak"'),
        Answer(SOURCE, resumes=True, has_etag=False),
    ],
    ids=["no ranges", "a weak ETag", "no ETag"],
)
def test_a_host_that_cannot_go_on_is_asked_for_all_of_it_again(
    then: Answer, ingest: Ingest, archive: ArchiveServer, containers: AzureContainers
) -> None:
    first = Answer(SOURCE, sends=HALF, resumes=then.resumes, tag=then.tag, has_etag=then.has_etag)
    outcome = ingest(first, then, then)
    assert set(statuses(archive)) == {200}
    assert outcome.source_bytes == len(SOURCE)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == GOOD


def stored(content: bytes) -> bytes:
    """Return a gzip whose size depends on that of the content alone."""
    return gzip.compress(content, 0, mtime=0)


FIRST = stored(BEFORE)
VERSION = FIRST + stored(AFTER)
"""Two members: where it breaks between them, no checksum of theirs tells the halves apart."""
NEW = GOOD.replace(b"octocat", b"octobat")
NEW_VERSION = stored(NEW[: len(BEFORE)]) + stored(NEW[len(BEFORE) :])


@pytest.mark.parametrize(
    "then",
    [
        Answer(NEW_VERSION, resumes=True),
        Answer(NEW_VERSION, resumes=True, honours_if_range=False),
        Answer(NEW_VERSION, resumes=True, honours_if_range=False, has_etag=False),
    ],
    ids=["200", "206 of the new one", "206 of nobody knows which"],
)
def test_two_versions_are_never_mixed(
    then: Answer, ingest: Ingest, containers: AzureContainers
) -> None:
    outcome = ingest(Answer(VERSION, sends=len(FIRST), resumes=True), then)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == NEW
    assert outcome.lines_read == 600


def test_a_host_that_goes_on_elsewhere_doubles_no_lines(
    ingest: Ingest, containers: AzureContainers
) -> None:
    breaks = Answer(VERSION, sends=len(FIRST), chunked=True, resumes=True)
    from_the_start = Answer(VERSION, goes_on_at=0, chunked=True, resumes=True)
    outcome = ingest(breaks, from_the_start, Answer(VERSION))
    assert outcome.source_bytes == len(VERSION)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == GOOD


@pytest.mark.parametrize("status", [404, 416, 429, 503])
def test_a_refusal_on_the_way_is_worth_another_try(
    status: int, ingest: Ingest, containers: AzureContainers
) -> None:
    ingest(Answer(SOURCE, sends=HALF, resumes=True), Answer(status=status), Answer(SOURCE))
    assert gzip.decompress(downloaded(containers.events, BLOB)) == GOOD


def test_a_damage_is_the_same_one_in_a_resumed_download(
    ingest: Ingest, containers: AzureContainers
) -> None:
    cut = SOURCE[:-500]
    breaks = Answer(cut, sends=HALF, resumes=True)
    outcome = ingest(breaks, Answer(cut, resumes=True), Answer(cut), breaks)
    assert outcome.verdict == "damaged"
    assert downloaded(containers.quarantine, ArchiveHour.of(HOUR).damaged_name) == cut
