"""What a caller of `ingest_hour` relies on, against real hours and a real Blob service."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest

from include.ingest import (
    DROPPED_TYPES,
    ArchiveHour,
    HourOutcome,
    IngestSettings,
    NotYetPublished,
    PermanentIngestError,
    ingest_hour,
)
from include.ingest.errors import DamagedSource
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import downloaded, event, gz, ndjson

HOUR = datetime(2015, 1, 1, 12)
FILE = "2015-01-01-12.json.gz"
BLOB = "2015/01/01/12.json.gz"
RECORD = "2015/01/01/12.json"
QUARANTINE = "2015/01/01/12.ndjson.gz"

Sample = Callable[[str], bytes]


def exists(containers: AzureContainers) -> dict[str, bool]:
    return {
        "events": containers.events.get_blob_client(BLOB).exists(),
        "outcomes": containers.outcomes.get_blob_client(RECORD).exists(),
        "quarantine": containers.quarantine.get_blob_client(QUARANTINE).exists(),
    }


@pytest.mark.parametrize(
    ("name", "hour", "lines", "era"),
    [
        ("2015-01-01-12.json.gz", datetime(2015, 1, 1, 12), 8273, "events"),
        ("2012-06-14-15.json.gz", datetime(2012, 6, 14, 15), 5313, "timeline"),
    ],
)
def test_a_real_hour_arrives_whole(
    name: str,
    hour: datetime,
    lines: int,
    era: str,
    sample: Sample,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    source = sample(name)
    archive.serve(name, Answer(source))

    outcome = ingest_hour(hour, settings, containers)

    raw = gzip.decompress(source).splitlines(keepends=True)
    events = [json.loads(line) for line in raw]
    wanted = [
        line
        for line, one in zip(raw, events, strict=True)
        if one["type"] not in {"GollumEvent", "MemberEvent", "GistEvent", "DownloadEvent"}
    ]
    types = Counter(one["type"] for one in events)
    times = [
        datetime.fromisoformat(one["created_at"]).astimezone(UTC)
        for one in events
        if one["type"] not in DROPPED_TYPES
    ]
    blob = downloaded(containers.events, outcome.blob_name)
    content = b"".join(wanted)
    assert gzip.decompress(blob) == content
    assert outcome.lines_read == lines == len(raw)
    assert outcome.kept == {kind: n for kind, n in types.items() if kind not in DROPPED_TYPES}
    assert outcome.dropped == {kind: n for kind, n in types.items() if kind in DROPPED_TYPES}
    assert outcome.quarantined == {}
    assert outcome.verdict == "published"
    assert outcome.era == era
    assert outcome.source_bytes == len(source)
    assert outcome.source_url == f"{archive.base_url}/{name}"
    assert outcome.content_sha256 == hashlib.sha256(blob).hexdigest()
    assert outcome.blob_bytes == len(blob)
    assert outcome.content_bytes == len(content)
    assert outcome.content_crc32 == f"{zlib.crc32(content):08x}"
    assert (outcome.first_created_at, outcome.last_created_at) == (min(times), max(times))
    assert outcome.event_dates == sorted({time.date() for time in times})


def test_the_hour_is_not_padded_in_the_source_and_padded_in_the_blob(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve("2015-01-01-9.json.gz", Answer(gz(ndjson(event(1)))))
    berlin = timezone(timedelta(hours=1))
    outcome = ingest_hour(datetime(2015, 1, 1, 10, tzinfo=berlin), settings, containers)
    assert (outcome.hour, outcome.blob_name) == ("2015-01-01T09", "2015/01/01/09.json.gz")


def test_half_an_hour_is_a_callers_mistake() -> None:
    with pytest.raises(ValueError, match="not the start of an hour"):
        ArchiveHour.of(datetime(2015, 1, 1, 12, 30))


def test_the_record_in_blob_is_the_returned_outcome_and_the_blob_tells_its_hash(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1), event(2, "WatchEvent")))))
    outcome = ingest_hour(HOUR, settings, containers)
    record = downloaded(containers.outcomes, RECORD)
    assert json.loads(record) == outcome.to_dict()
    assert msgspec.json.decode(record, type=HourOutcome) == outcome
    assert json.loads(record)["first_created_at"] == "2015-01-01T12:01:00Z"
    properties = containers.events.get_blob_client(BLOB).get_blob_properties()
    assert properties.metadata["sha256"] == outcome.content_sha256
    assert properties.content_settings.content_encoding is None
    assert properties.content_settings.content_type == "application/gzip"


def test_an_unchanged_hour_is_not_downloaded_again(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1)))))
    first = ingest_hour(HOUR, settings, containers)
    before = containers.events.get_blob_client(BLOB).get_blob_properties().last_modified
    assert ingest_hour(HOUR, settings, containers) == first
    assert [(r.status, r.sent_bytes > 0) for r in archive.requests] == [(200, True), (304, False)]
    assert containers.events.get_blob_client(BLOB).get_blob_properties().last_modified == before


def test_the_record_tells_the_version_of_the_blob_by_the_storages_own_time(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers, storage: Storage
) -> None:
    """Also of a blob written again with the same content since; null where there is none."""
    archive.serve(FILE, Answer(gz(ndjson(event(1)))))
    first = ingest_hour(HOUR, settings, containers)
    assert first.to_dict()["blob_last_modified"] == stored_time(containers)

    blob = containers.events.get_blob_client(BLOB)
    content, metadata = downloaded(containers.events, BLOB), blob.get_blob_properties().metadata
    while stored_time(containers) == first.to_dict()["blob_last_modified"]:
        blob.upload_blob(content, metadata=metadata, overwrite=True)
    again = ingest_hour(HOUR, settings, containers)
    assert again.to_dict()["blob_last_modified"] == stored_time(containers)
    assert again.ingested_at == first.ingested_at
    assert ingest_hour(HOUR, settings, containers) == again
    assert json.loads(downloaded(containers.outcomes, RECORD)) == again.to_dict()

    archive.serve(FILE, Answer(gz(b"")))
    emptied = ingest_hour(HOUR, settings, containers)
    assert emptied.to_dict()["blob_last_modified"] == stored_time(containers)
    storage.owner.get_blob_client(blob.container_name, BLOB).delete_blob()
    assert ingest_hour(HOUR, settings, containers).blob_last_modified is None


def stored_time(containers: AzureContainers) -> str:
    properties = containers.events.get_blob_client(BLOB).get_blob_properties()
    return properties.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_record_without_the_blobs_time_is_read_and_learns_it(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1)))))
    outcome = ingest_hour(HOUR, settings, containers)
    old = outcome.to_dict()
    del old["blob_last_modified"]
    containers.outcomes.upload_blob(RECORD, json.dumps(old), overwrite=True)
    assert msgspec.convert(old, HourOutcome).blob_last_modified is None
    assert ingest_hour(HOUR, settings, containers) == outcome
    assert [request.status for request in archive.requests] == [200, 304]


def test_a_mirror_that_ignores_conditions_is_recognised_by_its_etag(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1))), honours_etag=False))
    first = ingest_hour(HOUR, settings, containers)
    assert ingest_hour(HOUR, settings, containers) == first


def test_a_republished_hour_replaces_the_old_one(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1), event(2)))), Answer(gz(ndjson(event(3)))))
    first = ingest_hour(HOUR, settings, containers)
    second = ingest_hour(HOUR, settings, containers)
    assert (first.verdict, second.verdict) == ("published", "republished")
    assert gzip.decompress(downloaded(containers.events, BLOB)) == ndjson(event(3))


def test_republished_without_a_difference_in_kept_events_leaves_the_blob_untouched(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    kept = [event(1), event(2)]
    archive.serve(
        FILE, Answer(gz(ndjson(*kept))), Answer(gz(ndjson(event(9, "GollumEvent"), *kept)))
    )
    first = ingest_hour(HOUR, settings, containers)
    etag = containers.events.get_blob_client(BLOB).get_blob_properties().etag
    second = ingest_hour(HOUR, settings, containers)
    assert second.content_sha256 == first.content_sha256
    assert second.source_etag != first.source_etag
    assert containers.events.get_blob_client(BLOB).get_blob_properties().etag == etag


def test_widening_the_types_is_never_skipped(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1), event(2, "WatchEvent"), event(3, "New")))))
    only = msgspec.structs.replace(settings, kept_types=frozenset({"WatchEvent"}))
    assert ingest_hour(HOUR, only, containers).kept == {"WatchEvent": 1}
    wide = ingest_hour(HOUR, settings, containers)
    assert wide.kept == {"PushEvent": 1, "WatchEvent": 1, "New": 1}
    assert wide.verdict == "published"


def test_a_blob_lost_or_overwritten_behind_our_back_is_made_again(
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1)))))
    first = ingest_hour(HOUR, settings, containers)
    mine = storage.owner.get_blob_client(f"{prefix}-events", BLOB)
    good = mine.download_blob().readall()
    mine.delete_blob()
    assert ingest_hour(HOUR, settings, containers).content_sha256 == first.content_sha256
    mine.upload_blob(b"something else", overwrite=True)
    ingest_hour(HOUR, settings, containers)
    assert mine.download_blob().readall() == good


def test_an_unreadable_record_is_replaced(
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1)))))
    storage.owner.get_blob_client(f"{prefix}-outcomes", RECORD).upload_blob(b'{"hour": 1}')
    outcome = ingest_hour(HOUR, settings, containers)
    assert json.loads(downloaded(containers.outcomes, RECORD)) == outcome.to_dict()


@pytest.mark.parametrize(
    "body", [b"", gz(b""), gz(ndjson(event(1, "GollumEvent")))], ids=["0-byte", "no-line", "unused"]
)
def test_an_empty_hour_has_nothing_to_load_and_leaves_nothing_stale(
    body: bytes,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    archive.serve(FILE, Answer(body))
    outcome = ingest_hour(HOUR, settings, containers)
    assert (outcome.verdict, outcome.content_sha256, outcome.blob_bytes) == ("empty", None, 0)
    assert exists(containers) == {"events": False, "outcomes": True, "quarantine": False}
    assert ingest_hour(HOUR, settings, containers) == outcome

    archive.serve(FILE, Answer(gz(ndjson(event(1)))), Answer(body))
    assert ingest_hour(HOUR, settings, containers).verdict == "republished"
    again = ingest_hour(HOUR, settings, containers)
    assert (again.verdict, again.content_sha256) == ("empty", None)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == b""
    assert ingest_hour(HOUR, settings, containers) == again


def test_a_missing_hour_is_too_young_or_was_never_published(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with pytest.raises(NotYetPublished, match="not there yet"):
        ingest_hour(this_hour - timedelta(hours=2), settings, containers)
    assert len(archive.requests) == 1
    outcome = ingest_hour(HOUR, settings, containers)
    assert (outcome.verdict, outcome.lines_read, outcome.content_sha256) == (
        "never_published",
        0,
        None,
    )
    assert exists(containers) == {"events": False, "outcomes": True, "quarantine": False}
    assert ingest_hour(HOUR, settings, containers) == outcome

    archive.serve(FILE, Answer(gz(ndjson(event(1)))))
    assert ingest_hour(HOUR, settings, containers).verdict == "published"


def test_an_hour_that_vanishes_from_the_archive_keeps_its_data(
    storage: Storage,
    prefix: str,
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(event(1)))), Answer(status=404))
    first = ingest_hour(HOUR, settings, containers)
    assert ingest_hour(HOUR, settings, containers) == first
    assert gzip.decompress(downloaded(containers.events, BLOB)) == ndjson(event(1))
    storage.owner.get_blob_client(f"{prefix}-events", BLOB).delete_blob()
    with pytest.raises(PermanentIngestError, match="Restore the blob"):
        ingest_hour(HOUR, settings, containers)


def test_an_hour_held_whole_is_not_given_up_for_a_damaged_one(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    lines = ndjson(*(event(n) for n in range(500)))
    archive.serve(FILE, Answer(gz(lines)), Answer(gz(lines + lines)[:-50]))
    first = ingest_hour(HOUR, settings, containers)
    with pytest.raises(DamagedSource, match="is truncated"):
        ingest_hour(HOUR, settings, containers)
    assert gzip.decompress(downloaded(containers.events, BLOB)) == lines

    archive.serve(FILE, Answer(gz(lines)))
    assert ingest_hour(HOUR, settings, containers) == first


def test_bad_lines_are_kept_aside_with_their_reason(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    good = ndjson(*(event(n) for n in range(100)))
    bad = b'{"type":"PushEv\n' + b'\xff{"a":1}\n'
    archive.serve(FILE, Answer(gz(good + bad)), Answer(gz(good)))
    outcome = ingest_hour(HOUR, settings, containers)
    assert outcome.quarantined == {"not_json": 1, "not_utf8": 1}
    lines = gzip.decompress(downloaded(containers.quarantine, QUARANTINE)).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"line_number": 101, "reason": "not_json", "raw": '{"type":"PushEv'},
        {
            "line_number": 102,
            "reason": "not_utf8",
            "raw_base64": b64encode(b'\xff{"a":1}').decode(),
        },
    ]
    assert gzip.decompress(downloaded(containers.events, BLOB)) == good

    assert ingest_hour(HOUR, settings, containers).quarantined == {}
    assert gzip.decompress(downloaded(containers.quarantine, QUARANTINE)) == b""


def test_a_mostly_unusable_hour_fails_and_shows_its_lines(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    archive.serve(FILE, Answer(gz(ndjson(*(event(n) for n in range(15))) + b"nonsense\n")))
    with pytest.raises(PermanentIngestError, match=r"1 of 16 lines .*'not_json': 1"):
        ingest_hour(HOUR, settings, containers)
    assert exists(containers) == {"events": False, "outcomes": False, "quarantine": True}
    tolerant = msgspec.structs.replace(settings, max_quarantined_share=0.1)
    assert ingest_hour(HOUR, tolerant, containers).quarantined == {"not_json": 1}


def test_stragglers_give_their_own_utc_dates(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    times = ["2014-12-31T23:59:59Z", "2015-01-01T16:30:00-08:00", "2015/01/01 16:30:01 -0800"]
    events = [event(n, created_at=time) for n, time in enumerate(times)]
    archive.serve(FILE, Answer(gz(ndjson(*events))))
    outcome = ingest_hour(HOUR, settings, containers)
    assert outcome.event_dates == [date(2014, 12, 31), date(2015, 1, 2)]
    assert outcome.last_created_at == datetime(2015, 1, 2, 0, 30, 1, tzinfo=UTC)


def test_the_source_may_be_several_gzip_members_and_end_without_a_newline(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    lines = ndjson(event(1), event(2))
    archive.serve(FILE, Answer(gz(lines[:50]) + gz(lines[50:-1]), chunked=True, chunk_bytes=7))
    assert ingest_hour(HOUR, settings, containers).kept == {"PushEvent": 2}
    assert gzip.decompress(downloaded(containers.events, BLOB)) == lines


def test_a_host_that_calls_the_gzip_an_encoding_changes_nothing(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> None:
    source = gz(ndjson(event(1)))
    archive.serve(FILE, Answer(source, headers={"Content-Encoding": "gzip"}))
    outcome = ingest_hour(HOUR, settings, containers)
    assert (outcome.lines_read, outcome.source_bytes) == (1, len(source))
