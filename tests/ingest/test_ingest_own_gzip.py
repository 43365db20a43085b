"""With every event type kept, the archive's own bytes are passed on where they are the best."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest

from include.ingest import ArchiveHour, HourOutcome, IngestSettings, ingest_hour
from include.ingest.blob import BLOCK_BYTES
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import apart_from_times, blobs, downloaded, event, gz, ndjson
from tests.ingest.defects import AFTER, BEFORE, FILE, GOOD, HALF, HOUR, MANIFEST, SOURCE, manifest

BLOB = ArchiveHour.of(HOUR).events_name
CHUNK_BYTES = 1 << 16
"""How much of the file is read at once."""

Ingest = Callable[[Answer], HourOutcome]


@pytest.fixture
def everything(settings: IngestSettings) -> IngestSettings:
    return msgspec.structs.replace(settings, dropped_types=frozenset())


@pytest.fixture
def ingest(
    archive: ArchiveServer, everything: IngestSettings, containers: AzureContainers
) -> Ingest:
    def ingest(answer: Answer) -> HourOutcome:
        archive.serve(FILE, answer)
        return ingest_hour(HOUR, everything, containers)

    return ingest


def assert_told_right(outcome: HourOutcome, containers: AzureContainers, content: bytes) -> bytes:
    blob = downloaded(containers.events, BLOB)
    assert gzip.decompress(blob) == content
    assert outcome.content_sha256 == hashlib.sha256(blob).hexdigest()
    assert outcome.blob_bytes == len(blob)
    assert outcome.content_bytes == len(content)
    assert outcome.content_crc32 == f"{zlib.crc32(content):08x}"
    properties = containers.events.get_blob_client(BLOB).get_blob_properties()
    assert properties.metadata["sha256"] == outcome.content_sha256
    assert properties.metadata["content_crc32"] == outcome.content_crc32
    assert properties.metadata["rows"] == str(content.count(b"\n"))
    return blob


def test_a_well_compressed_hour_is_reused_as_it_came(
    ingest: Ingest, archive: ArchiveServer, containers: AzureContainers
) -> None:
    outcome = ingest(Answer(SOURCE))
    assert assert_told_right(outcome, containers, GOOD) == SOURCE
    assert (outcome.verdict, outcome.kept) == ("published", {"PushEvent": 600})
    assert (outcome.source_bytes, len(archive.requests)) == (len(SOURCE), 1)

    assert ingest(Answer(SOURCE)) == outcome
    assert [(r.status, r.sent_bytes) for r in archive.requests[1:]] == [(304, 0)]


@pytest.mark.parametrize("name", ["2015-01-01-12.json.gz", "2012-06-14-15.json.gz"])
def test_a_real_hour_is_reused_in_the_account_of_any_other(
    name: str,
    sample: Callable[[str], bytes],
    archive: ArchiveServer,
    everything: IngestSettings,
    containers: AzureContainers,
) -> None:
    source = sample(name)
    archive.serve(name, Answer(source))
    hour = datetime.strptime(name, "%Y-%m-%d-%H.json.gz")
    reused = ingest_hour(hour, everything, containers)
    assert downloaded(containers.events, reused.blob_name) == source
    assert len(archive.requests) == 1

    # Named one by one, the same types are compressed again
    named = msgspec.structs.replace(everything, kept_types=frozenset(reused.kept))
    compressed = ingest_hour(hour, named, containers)
    assert compressed.content_sha256 != reused.content_sha256
    blob = gzip.decompress(downloaded(containers.events, reused.blob_name))
    assert blob == gzip.decompress(source)
    differs = {"content_sha256", "blob_bytes", "filter_fingerprint"}
    one, other = (apart_from_times(found).to_dict() for found in (reused, compressed))
    assert {name for name in one if one[name] != other[name]} == differs


BAD_LINE = b"bad\n"
COMPRESSED_AGAIN = {
    "an unusable line": (gz(BEFORE + BAD_LINE + AFTER), GOOD),
    "no newline at the end": (gz(GOOD[:-1]), GOOD),
    "several members": (gz(BEFORE) + gz(AFTER), GOOD),
    "zeros after it": (SOURCE + b"\0" * 512, GOOD),
    "poorly compressed": (gzip.compress(GOOD, 0, mtime=0), GOOD),
    "an empty member after it": (SOURCE + gz(b""), GOOD),
}


@pytest.mark.parametrize(("source", "content"), COMPRESSED_AGAIN.values(), ids=COMPRESSED_AGAIN)
def test_what_had_better_not_be_reused_is_compressed_again(
    source: bytes, content: bytes, ingest: Ingest, containers: AzureContainers
) -> None:
    outcome = ingest(Answer(source))
    assert assert_told_right(outcome, containers, content) != source
    assert outcome.lines_read == 600 + (BAD_LINE in gzip.decompress(source))
    assert outcome.source_bytes == len(source)
    assert ingest(Answer(source)) == outcome


def test_a_large_poorly_compressed_hour_is_not_read_to_its_end_for_nothing(
    ingest: Ingest, archive: ArchiveServer, containers: AzureContainers
) -> None:
    content = GOOD * 40
    source = gzip.compress(content, 0, mtime=0)
    outcome = ingest(Answer(source))
    assert assert_told_right(outcome, containers, content) != source
    assert [request.status for request in archive.requests] == [200, 200]


def padded(content: bytes, size: int) -> bytes:
    """Return a gzip of exactly this size: a name in its head, which nobody reads, fills it up."""
    packed = gz(content)
    name = b"x" * (size - len(packed) - 1) + b"\0"
    made = packed[:3] + b"\x08" + packed[4:10] + name + packed[10:]
    assert len(made) == size
    return made


@pytest.mark.parametrize("rest", [gz(AFTER), b"\0" * 512], ids=["a member", "zeros"])
def test_it_does_not_matter_where_the_first_member_ends(
    rest: bytes, ingest: Ingest, containers: AzureContainers
) -> None:
    """At the very end of a read, what follows it comes with the next."""
    outcome = ingest(Answer(padded(BEFORE, 2 * CHUNK_BYTES) + rest))
    content = BEFORE + AFTER if rest[0] else BEFORE
    assert outcome.lines_read == content.count(b"\n")
    blob = assert_told_right(outcome, containers, content)
    assert b"xxxx" not in blob


def test_an_hour_as_large_as_its_blocks_is_reused_without_an_empty_one(
    ingest: Ingest, containers: AzureContainers, storage: Storage, prefix: str
) -> None:
    """Azurite takes empty blocks, which Azure refuses."""
    content = GOOD * (BLOCK_BYTES // len(SOURCE))
    source = padded(content, BLOCK_BYTES)
    outcome = ingest(Answer(source))
    assert assert_told_right(outcome, containers, content) == source
    committed, _ = storage.owner.get_blob_client(f"{prefix}-events", BLOB).get_block_list("all")
    assert [block.size for block in committed] == [BLOCK_BYTES]


@pytest.mark.parametrize("body", [b"", gz(b"")], ids=["0 bytes", "no lines"])
def test_an_empty_hour_is_empty_here_too(
    body: bytes, ingest: Ingest, storage: Storage, prefix: str
) -> None:
    outcome = ingest(Answer(body))
    assert (outcome.verdict, outcome.content_sha256) == ("empty", None)
    assert [*blobs(storage, prefix)] == [f"outcomes/{ArchiveHour.of(HOUR).outcome_name}"]


def test_an_empty_hour_leaves_nothing_stale_here_too(
    ingest: Ingest, containers: AzureContainers
) -> None:
    ingest(Answer(SOURCE))
    outcome = ingest(Answer(gz(b"")))
    assert (outcome.verdict, outcome.content_sha256) == ("empty", None)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == b""
    assert ingest(Answer(gz(b""))) == outcome


def test_damage_is_damage_here_too(
    ingest: Ingest, containers: AzureContainers, archive: ArchiveServer
) -> None:
    cut = SOURCE[:HALF]
    outcome = ingest(Answer(cut))
    assert outcome.verdict == "damaged"
    assert downloaded(containers.quarantine, ArchiveHour.of(HOUR).damaged_name) == cut
    assert GOOD.startswith(gzip.decompress(downloaded(containers.events, BLOB)))

    archive.serve(MANIFEST, manifest(sha256_of=b"other"))
    outcome = ingest(Answer(gz(GOOD[:-1])))
    assert outcome.verdict == "damaged"
    assert_told_right(outcome, containers, GOOD)


def test_a_file_that_vanishes_between_its_two_readings_is_no_empty_hour(
    archive: ArchiveServer, everything: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(GOOD[:-1])), Answer(status=404))
    outcome = ingest_hour(HOUR, everything, containers)
    assert (outcome.verdict, outcome.lines_read) == ("never_published", 0)


def test_a_file_that_changes_between_its_two_readings_is_taken_as_it_is_then(
    archive: ArchiveServer, everything: IngestSettings, containers: AzureContainers
) -> None:
    later = gz(ndjson(event(1)))
    archive.serve(FILE, Answer(gz(GOOD[:-1])), Answer(later))
    outcome = ingest_hour(HOUR, everything, containers)
    assert (outcome.source_etag, outcome.source_bytes) == (Answer(later).etag, len(later))
    assert_told_right(outcome, containers, ndjson(event(1)))
    assert json.loads(downloaded(containers.outcomes, ArchiveHour.of(HOUR).outcome_name)) == (
        outcome.to_dict()
    )


def test_dropping_types_again_replaces_what_was_reused(
    archive: ArchiveServer,
    everything: IngestSettings,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    gollum = ndjson(event(601, "GollumEvent"))
    archive.serve(FILE, Answer(gz(GOOD + gollum)))
    assert ingest_hour(HOUR, everything, containers).kept == {"PushEvent": 600, "GollumEvent": 1}
    outcome = ingest_hour(HOUR, settings, containers)
    assert (outcome.kept, outcome.dropped) == ({"PushEvent": 600}, {"GollumEvent": 1})
    assert_told_right(outcome, containers, GOOD)
