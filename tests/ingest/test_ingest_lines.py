"""Lines: none is lost or altered, and what each says is told right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.ingest import IngestSettings
from include.ingest.events import Reason, Sieve, parse_created_at, whole_lines
from tests.ingest.conftest import event, ndjson


def sift(
    content: bytes, read_bytes: int = 1 << 20, max_line_bytes: int = 1 << 24
) -> tuple[Sieve, bytes, list[tuple[int, Reason, bytes]]]:
    """Sort `content`, arriving in blocks of `read_bytes`."""
    bad: list[tuple[int, Reason, bytes]] = []
    sieve = Sieve(IngestSettings().keeps, lambda *line: bad.append(line))
    pieces = (content[at : at + read_bytes] for at in range(0, len(content), read_bytes))
    runs = whole_lines(pieces, max_line_bytes)
    return sieve, b"".join(sieve.sift(run) for run in runs), bad


LINE = st.one_of(
    st.binary(max_size=80).map(lambda raw: raw.replace(b"\n", b"")),
    st.sampled_from(["PushEvent", "GollumEvent", "SomethingNew"]).map(
        lambda kind: json.dumps(event(1, kind)).encode()
    ),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.none()).map(
        lambda fields: json.dumps(event(1, payload=fields), ensure_ascii=False).encode()
    ),
    st.sampled_from([b"", b"[]", b"{}", b"null", b'{"type":"PushEvent","created_at":"now"}']),
)


@given(lines=st.lists(LINE, max_size=30), ends=st.booleans(), read_bytes=st.integers(1, 500))
def test_every_line_is_kept_dropped_or_quarantined_in_order(
    lines: list[bytes], ends: bool, read_bytes: int
) -> None:
    content = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    expected = content.split(b"\n")
    if not expected[-1]:
        expected.pop()
    sieve, kept, bad = sift(content, read_bytes)

    assert sieve.lines_read == len(expected)
    assert (
        sieve.kept.total() + sieve.dropped.total() + sieve.quarantined.total() == sieve.lines_read
    )
    assert len(bad) == sieve.quarantined.total()
    assert all(expected[number - 1] == raw for number, _, raw in bad)
    gone = {number for number, _, _ in bad} | {
        number for number, line in enumerate(expected, 1) if b'"type": "GollumEvent"' in line
    }
    assert kept == b"".join(
        line + b"\n" for number, line in enumerate(expected, 1) if number not in gone
    )
    for line in kept.splitlines():
        assert isinstance(json.loads(line), dict)


@given(
    sizes=st.lists(st.integers(0, 120), max_size=12),
    read_bytes=st.integers(1, 60),
    limit=st.integers(1, 90),
)
def test_only_overlong_lines_are_too_long(sizes: list[int], read_bytes: int, limit: int) -> None:
    content = b"".join(b"x" * size + b"\n" for size in sizes)
    sieve, _, _ = sift(content, read_bytes, limit)
    assert sieve.lines_read == len(sizes)
    # Within one read a line may pass that is longer than the limit, never one longer than both
    too_long = sieve.quarantined["too_long"]
    assert too_long <= sum(size > limit for size in sizes)
    if limit >= read_bytes:
        assert too_long == sum(size > limit for size in sizes)


def test_a_line_of_megabytes_passes_and_one_of_17_does_not() -> None:
    large = json.dumps(event(1, payload="x" * (15 << 20))).encode() + b"\n"
    sieve, kept, bad = sift(large + b"y" * (17 << 20) + b"\n" + large)
    assert kept == large * 2
    assert [(number, reason, len(raw)) for number, reason, raw in bad] == [(2, "too_long", 1 << 20)]
    assert sieve.lines_read == 3


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2015-01-01T12:00:01Z", datetime(2015, 1, 1, 12, 0, 1, tzinfo=UTC)),
        ("2012-06-14T15:00:01-07:00", datetime(2012, 6, 14, 22, 0, 1, tzinfo=UTC)),
        ("2011/12/31 16:00:01 -0800", datetime(2012, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("2012-06-14 15:00:01", None),
        ("2015-01-01T12:00:01", None),
        ("2015-01-01T25:00:01Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("\u0662015-01-01T12:00:01Z", None),
    ],
)
def test_the_three_forms_of_created_at(text: str, moment: datetime | None) -> None:
    assert parse_created_at(text) == moment


@pytest.mark.parametrize(
    ("lines", "era"),
    [
        (
            [{"type": "WatchEvent", "actor": "o", "created_at": "2012-06-14T15:00:01-07:00"}],
            "timeline",
        ),
        ([event(1, "WatchEvent"), event(2)], "events"),
        ([event(1, "PushEvent", payload={"push_id": 1, "ref": "r", "head": "h"})], "trimmed"),
        ([event(1, "PullRequestEvent", payload={"pull_request": {"id": 1}})], "trimmed"),
        ([event(1, "PullRequestEvent", payload={"pull_request": {"title": "t"}})], "events"),
        ([event(1, "WatchEvent")], None),
        ([event(1, "PushEvent", payload=None)], None),
        ([], None),
    ],
)
def test_the_era_is_told_by_content(lines: list[dict[str, Any]], era: str | None) -> None:
    assert sift(ndjson(*lines))[0].era == era
