"""Whatever the archive sends: every line is accounted for, or there is an IngestError."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include.ingest import (
    ArchiveHour,
    Containers,
    HourOutcome,
    IngestError,
    IngestSettings,
    PermanentIngestError,
    ingest_hour,
)
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import event, ndjson
from tests.ingest.defects import FILE, HOUR

pytestmark = pytest.mark.slow

GOOD = ndjson(event(1))
LINES = st.lists(
    st.sampled_from([GOOD, GOOD[:-2] + b"\n", b"\n", ndjson(event(2, "GollumEvent")), b"null\n"])
    | st.binary(max_size=60),
    max_size=8,
).map(b"".join)


# Flags of a gzip's head, and what follows it then
PLAIN_HEADS = [(0, b""), (8, b"name\0"), (16, b"comment\0"), (4, b"\3\0abc")]
HEADS = [*PLAIN_HEADS, (28, b"\1\0an\0c\0")]


@st.composite
def gzips(draw: st.DrawFn, heads: list[tuple[int, bytes]] = HEADS) -> bytes:
    """Draw a gzip of anything, at any level, with anything in its head."""
    packed = gzip.compress(draw(LINES), draw(st.sampled_from([0, 1, 9])), mtime=0)
    flags, extras = draw(st.sampled_from(heads))
    return packed[:3] + bytes([flags]) + packed[4:10] + extras + packed[10:]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw gzips of which bytes are other ones, missing or too many.

    No head has two extras: byte by byte, as near a damage, isal reads that as something else.
    """
    members = draw(st.lists(gzips(PLAIN_HEADS), min_size=1, max_size=3))
    for _ in range(draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(members) - 1))
        member = members[number]
        start = draw(st.integers(10, max(10, len(member))))
        end = start + draw(st.integers(0, 4))
        members[number] = member[:start] + draw(st.binary(max_size=4)) + member[end:]
    return b"".join(members)


BODIES = st.one_of(
    gzips(),
    st.lists(gzips(), max_size=3).map(b"".join),
    damaged(),
    st.tuples(gzips(), st.sampled_from([b"\0" * 30, b"\n", b"\x1f\x8b"])).map(b"".join),
    st.binary(max_size=200),
    st.binary(max_size=40).map(lambda rest: b"\x1f\x8b\x08" + rest),
)
ANSWERS = st.builds(
    Answer,
    body=BODIES,
    chunk_bytes=st.sampled_from([1 << 16, 7]),
    chunked=st.booleans(),
    has_etag=st.booleans(),
    sends=st.none() | st.integers(0, 100),
    resumes=st.booleans(),
    says_bytes=st.none() | st.integers(0, 100),
    status=st.sampled_from([200] * 9 + [204, 206, 302, 304, 404, 500]),
    headers=st.sampled_from(
        [
            *[{}] * 9,
            {"X-Goog-Hash": "crc32c=AAAAAA=="},
            {"X-Goog-Hash": "md5=?, crc32c"},
            {"Content-Encoding": "gzip"},
            {"Content-Encoding": "br"},
            {"Content-Type": "text/html"},
            {"Content-Length": "?"},
            {"Retry-After": "Thu, 99 Foo"},
            {"Location": "http://[/"},
        ]
    ),
)


def changed(settings: IngestSettings, **changes: Any) -> IngestSettings:
    return msgspec.structs.replace(settings, suspicious_share=0, retry_wait=0, **changes)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=2), keeps_everything=st.booleans())
def test_every_answer_ends_in_an_account_or_an_ingest_error(
    answers: list[Answer],
    keeps_everything: bool,
    archive: ArchiveServer,
    settings: IngestSettings,
) -> None:
    dropped = frozenset[str]() if keeps_everything else settings.dropped_types
    settings = changed(settings, dropped_types=dropped, max_quarantined_share=1.0)
    archive.serve(FILE, *answers)
    with TemporaryDirectory() as folder:
        containers = Containers.opened(Path(folder).joinpath, prefix="")
        try:
            outcome = ingest_hour(HOUR, settings, containers)
        except IngestError:
            assert not any(path.is_file() for path in containers.events.rglob("*"))
            assert not any(path.is_file() for path in containers.outcomes.rglob("*"))
        else:
            assert_accounted_for(outcome, containers)


def assert_accounted_for(outcome: HourOutcome, folders: Containers[Path]) -> None:
    hour = ArchiveHour.of(HOUR)
    blob = folders.events / hour.events_name
    kept = gzip.decompress(blob.read_bytes()) if blob.exists() else b""
    bad = folders.quarantine / hour.quarantine_name
    quarantined = gzip.decompress(bad.read_bytes()).splitlines() if bad.exists() else []
    counts = (sum(each.values()) for each in (outcome.kept, outcome.dropped, outcome.quarantined))
    assert sum(counts) == outcome.lines_read
    assert sum(outcome.kept.values()) == kept.count(b"\n")
    assert sum(outcome.quarantined.values()) == len(quarantined)
    assert all(isinstance(json.loads(line), dict) for line in kept.splitlines())
    assert (outcome.content_sha256 is None) == (not kept)
    assert outcome.content_bytes == len(kept)
    assert json.loads((folders.outcomes / hour.outcome_name).read_bytes()) == outcome.to_dict()


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.lists(gzips(), max_size=3).map(b"".join))
def test_every_good_gzip_is_read_as_python_reads_it(
    body: bytes, archive: ArchiveServer, settings: IngestSettings
) -> None:
    content = gzip.decompress(body)
    archive.serve(FILE, Answer(body))
    nowhere = Containers.opened(lambda _: None)
    outcome = ingest_hour(HOUR, changed(settings, max_quarantined_share=1.0), nowhere)
    lines = content.split(b"\n")
    assert outcome.lines_read == len(lines) - (not lines[-1])
    assert (outcome.damage, outcome.source_bytes) == (None, len(body))


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=damaged())
def test_a_damage_that_stays_is_a_verdict_and_none_is_overlooked(
    body: bytes, archive: ArchiveServer, settings: IngestSettings
) -> None:
    archive.serve(FILE, Answer(body))
    nowhere = Containers.opened(lambda _: None)
    try:
        outcome = ingest_hour(HOUR, changed(settings, max_quarantined_share=1.0), nowhere)
    except PermanentIngestError:
        assert not body.startswith(b"\x1f\x8b")  # it was taken for a page
        return
    if outcome.damage is None:
        assert outcome.content_bytes <= len(gzip.decompress(body))


@pytest.mark.parametrize("manifest", [b"<html>", b"{}", b'{"sha256": 1}', b'{"sha256": "x"}', b""])
def test_a_manifest_that_cannot_be_read_is_as_good_as_none(
    manifest: bytes, archive: ArchiveServer, settings: IngestSettings
) -> None:
    archive.serve(FILE, Answer(gzip.compress(GOOD)))
    archive.serve("2015-01-01-12.manifest.json", Answer(manifest))
    assert ingest_hour(HOUR, settings, Containers.opened(lambda _: None)).verdict == "published"
