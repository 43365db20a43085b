"""Reading batches of lines is only fast: what it says is what each line says alone."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import simdjson
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from include.ingest import IngestSettings
from include.ingest.events import (
    Event,
    LineBatchReader,
    Reason,
    Sieve,
    judge,
    parse_created_at,
    whole_lines,
)
from tests.ingest.conftest import event, ndjson

BLOCK_BYTES = 1 << 18
"""What the source inflates at once, so that a batch of lines is about as long."""


class Sorted(NamedTuple):
    """All that comes of some content."""

    kept: bytes
    bad: list[tuple[int, Reason, bytes]]
    counts: tuple[int, Counter[str], Counter[str], Counter[str]]
    era: str | None
    created_at: dict[str, Any]


def at_once(content: bytes, read_bytes: int = BLOCK_BYTES) -> Sorted:
    """Sort content as the product does, in runs."""
    bad: list[tuple[int, Reason, bytes]] = []
    sieve = Sieve(IngestSettings().keeps, lambda *line: bad.append(line))
    pieces = (content[at : at + read_bytes] for at in range(0, len(content), read_bytes))
    kept = b"".join(sieve.sift(batch) for batch in whole_lines(pieces))
    counts = sieve.lines_read, sieve.kept, sieve.dropped, sieve.quarantined
    return Sorted(kept, bad, counts, sieve.era, sieve.created_at)


def alone(line: bytes) -> Event | Reason:
    """Judge one line, without a trace of any other."""
    return judge(line, simdjson.Parser())


def one_by_one(content: bytes) -> Sorted:
    """Sort content by what `judge` says of each line."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    keeps = IngestSettings().keeps
    kept, bad, times, era = [], [], {}, None
    kept_types: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        said = alone(line)
        if isinstance(said, str):
            bad.append((number, said, line))
            continue
        if not keeps(said.type):
            dropped[said.type] += 1
        elif (moment := parse_created_at(said.created_at)) is None:
            bad.append((number, "bad_created_at", line))
            continue
        else:
            kept.append(line + b"\n")
            kept_types[said.type] += 1
            times[said.created_at] = moment
        era = era or said.era
    quarantined: Counter[str] = Counter(reason for _, reason, _ in bad)
    counts = len(lines), kept_types, dropped, quarantined
    return Sorted(b"".join(kept), bad, counts, era, times)


# --- Any content ---------------------------------------------------------------------------------

GOOD_TYPES = st.sampled_from(["PushEvent", "WatchEvent", "PullRequestEvent", "GollumEvent", "New"])
GOOD_TIMES = st.sampled_from(
    ["2015-01-01T12:00:01Z", "2012-06-14T15:00:01-07:00", "2011/12/31 16:00:01 -0800"]
)
GOOD_PAYLOADS = st.one_of(
    st.sampled_from(
        [
            '{"size":1}',
            '{"push_id":1}',
            '{"pull_request":{"title":"t"}}',
            '{"pull_request":{"id":1}}',
            '{"pull_request":null}',
            '{"size":1,"size":2}',
            "null",
            '"{},0,{}"',
            '"\\u0000"',
            "-0",
            "1e-400",
            "[" * 30 + "]" * 30,
        ]
    ),
    st.text(max_size=5).map(json.dumps),
    st.text(max_size=5).map(lambda text: json.dumps(text, ensure_ascii=False)),
)
ODD_PAYLOADS = st.sampled_from(
    [
        *("1e400", "1e999", "18446744073709551616", "9" * 30, "01", "1.", "NaN", '"\\ud800"'),
        *("[" * depth + "]" * depth for depth in (1023, 1025)),
    ]
)


def written(draw: st.DrawFn, fields: list[str]) -> bytes:
    """Write an object, in any order and with any white space around it."""
    start, end = draw(st.sampled_from(["", " ", "\t"])), draw(st.sampled_from(["", " ", "\r"]))
    text = f"{start}{{{','.join(draw(st.permutations(fields)))}}}{end}"
    return text.encode("utf-8", "surrogatepass")


def good_fields(draw: st.DrawFn) -> list[str]:
    fields = [
        f'"type":"{draw(GOOD_TYPES)}"',
        f'"created_at":"{draw(GOOD_TIMES)}"',
        draw(st.sampled_from(['"actor":{"id":1}', '"actor":"octocat"', '"actor":null'])),
        f'"payload":{draw(GOOD_PAYLOADS)}',
    ]
    return [*fields, '"id":"1"', '"repo":{"id":2}'] if draw(st.booleans()) else fields


@st.composite
def good_lines(draw: st.DrawFn) -> bytes:
    """Draw an event of any era."""
    return written(draw, good_fields(draw))


@st.composite
def odd_lines(draw: st.DrawFn) -> bytes:
    """Draw something close to an event: a field is missing, doubled or what it shouldn't be."""
    fields = good_fields(draw)
    match draw(st.integers(0, 3)):
        case 0:
            fields.remove(draw(st.sampled_from(fields)))
        case 1:
            doubled = ['"type":"WatchEvent"', '"type":7', '"created_at":"x"', '"id":"2"']
            fields.append(draw(st.sampled_from(doubled)))
        case 2:
            fields[1] = '"created_at":"2015-01-01T25:00:01Z"'
        case _:
            fields[3] = f'"payload":{draw(ODD_PAYLOADS)}'
    return written(draw, fields)


GOOD = ndjson(event(1))[:-1]
EDGES = st.sampled_from(
    [
        b'{"a":[{}',
        b"{}]}",
        b"{},0,{}",
        b"{}",
        b"[]",
        b"[",
        b"]",
        b",",
        b"0",
        b"null",
        b"",
        b" ",
        b"\r",
        b"\0",
        b'{"x":"',
        b'"}',
        b'["type","created_at","actor"]',
        b'["id","type","actor","repo","payload","created_at"]',
        b'"type"',
        b"\xef\xbb\xbf",
        b"// a comment",
        GOOD,
        GOOD[:-1],
        GOOD + b",0," + GOOD,
        GOOD + b"]",
        b"[" + GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD + b"\0",
        b"\xff" + GOOD,
    ]
)
ANY_LINES = st.one_of(
    odd_lines(),
    EDGES,
    st.lists(EDGES, max_size=4).map(b"".join),
    st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")),
)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Draw some good lines, and here and there another."""
    lines = draw(st.lists(good_lines(), max_size=10))
    for other in draw(st.lists(ANY_LINES, max_size=3) if draw(st.booleans()) else st.just([])):
        lines.insert(draw(st.integers(0, len(lines))), other)
    ends = draw(st.booleans()) and lines
    return b"\n".join(lines) + (b"\n" if ends else b"")


@hypothesis_settings(max_examples=300, deadline=None)
@given(content=contents(), read_bytes=st.sampled_from([17, 400, BLOCK_BYTES]))
def test_any_content_is_sorted_as_line_by_line(content: bytes, read_bytes: int) -> None:
    assert at_once(content, read_bytes) == one_by_one(content)


@hypothesis_settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200) | st.text(alphabet='{}[]",:0\n\\ ').map(str.encode))
def test_any_bytes_are_sorted_as_line_by_line(content: bytes) -> None:
    assert at_once(content) == one_by_one(content)


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"a":[{}', b"{}]}"],
        [b'{"a":"', b'"}'],
        [b"{},0,{}"],
        [GOOD + b"]", b"[" + GOOD],
        [GOOD, b"[", GOOD, b"]", GOOD],
        [GOOD[:-1] + b',"x":[0', b"0]}", GOOD],
        # As many elements as two lines would give, and the number between them
        [GOOD[:-1] + b',"x":[0', b"0]},0," + GOOD],
        [GOOD[:-1] + b',"x":[{}', b"{}]},1," + GOOD],
        [GOOD + b",0," + GOOD[:-1] + b',"x":"', b'"}'],
        [b'["id","type","actor","repo","payload","created_at"]'],
        [GOOD, GOOD + b"," + GOOD],
        [GOOD + b",", GOOD],
    ],
)
def test_lines_that_are_whole_only_together_are_bad_lines(lines: list[bytes]) -> None:
    content = b"\n".join([GOOD, *lines, GOOD, b""])
    found = at_once(content)
    assert found == one_by_one(content)
    assert found.kept.count(b"\n") == 2 + lines.count(GOOD)
    assert LineBatchReader().read(content[:-1]) is None


# --- What is kept --------------------------------------------------------------------------------


def with_payload(payload: bytes) -> bytes:
    return GOOD.replace(b'{"size": 1, "commits": []}', payload)


KEPT = {
    "64 bits": with_payload(b"18446744073709551615"),
    "2**64": with_payload(b"18446744073709551616"),
    "30 digits": with_payload(b"123456789012345678901234567890"),
    "the largest double": with_payload(b"1.7976931348623158e308"),
    "next to nothing": with_payload(b"1e-999"),
    "an escaped NUL": with_payload(rb'"\u0000"'),
    "a pair of surrogates": with_payload(rb'"\ud83d\ude00"'),
    "line separators": with_payload('"\u2028\x85"'.encode()),
    "a carriage return": GOOD + b"\r",
    "1,023 deep": with_payload(b"[" * 1022 + b"]" * 1022),
    "1,024 deep": with_payload(b"[" * 1023 + b"]" * 1023),
    "any order of keys": json.dumps(dict(reversed(event(1).items()))).encode(),
    "a key of its own": GOOD[:-1] + b',"new":[1]}',
    "a timeline event without a repository": (
        b'{"type":"FollowEvent","created_at":"2012-06-14T15:00:01-07:00","actor":"octocat"}'
    ),
    "a timeline event whose actor is null": (
        b'{"type":"WatchEvent","created_at":"2012-06-14T15:00:01-07:00","actor":null}'
    ),
}
BAD: dict[str, tuple[bytes, Reason]] = {
    "nothing": (b"", "blank"),
    "white space": (b" \r", "blank"),
    "a byte that is no UTF-8": (with_payload(b'"\xff"'), "not_utf8"),
    "NaN": (with_payload(b"NaN"), "not_json"),
    "a control character": (with_payload(b'"\x01"'), "not_json"),
    "cut off": (GOOD[:60], "not_json"),
    "two run together": (GOOD + GOOD, "not_json"),
    "10,000 arrays": (b"[" * 10_000 + b"]" * 10_000, "nested_too_deep"),
    "200,000 objects": (b'{"x":' * 200_000 + b"1" + b"}" * 200_000, "nested_too_deep"),
    "an empty type": (GOOD.replace(b"PushEvent", b""), "not_an_event"),
    "a number for a type": (GOOD.replace(b'"PushEvent"', b"7"), "not_an_event"),
    "a number for a time": (GOOD.replace(b'"2015-01-01T12:01:00Z"', b"7"), "not_an_event"),
    "just beyond a double": (with_payload(b"1.7976931348623159e308"), "number_too_large"),
    "1e999": (with_payload(b"1e999"), "number_too_large"),
    "-1e999": (with_payload(b"-1e999"), "number_too_large"),
    "400 digits": (with_payload(b"9" * 400), "number_too_large"),
    "a leading zero": (with_payload(b"01"), "not_json"),
    "NaN beside a long number": (with_payload(b"[" + b"9" * 30 + b",NaN]"), "not_json"),
    "NUL in a string": (with_payload(b'"\0"'), "not_json"),
    "NUL after it": (GOOD + b"\0", "not_json"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "not_json"),
    "half a surrogate pair": (with_payload(rb'"\ud800"'), "not_json"),
    "the other half": (with_payload(rb'"\udc00"'), "not_json"),
    "half a surrogate pair beside a long number": (
        with_payload(b"[" + b"9" * 30 + rb',"\ud800"]'),
        "not_json",
    ),
    "1,025 deep": (with_payload(b"[" * 1024 + b"]" * 1024), "nested_too_deep"),
    "1,100 deep after a long number": (
        with_payload(b"[" + b"9" * 30 + b"," + b"[" * 1100 + b"]" * 1100 + b"]"),
        "nested_too_deep",
    ),
    "5,000 deep after a long number": (
        with_payload(b"[" + b"9" * 30 + b"," + b"[" * 5000 + b"]" * 5000 + b"]"),
        "nested_too_deep",
    ),
    "null": (b"null", "not_an_event"),
    "a string": (b'"PushEvent"', "not_an_event"),
    "an array": (b"[" + GOOD + b"]", "not_an_event"),
    "an array of keys": (b'["id","type","actor","repo","payload","created_at"]', "not_an_event"),
    "no actor": (GOOD.replace(b"actor", b"author"), "not_an_event"),
    "no repo": (GOOD.replace(b"repo", b"repository"), "not_an_event"),
    "no payload": (GOOD.replace(b"payload", b"load"), "not_an_event"),
    "a timeline event without its actor": (
        b'{"type":"WatchEvent","created_at":"2012-06-14T15:00:01-07:00"}',
        "not_an_event",
    ),
    "a type of 101 characters": (GOOD.replace(b"PushEvent", b"x" * 101), "not_an_event"),
}


@pytest.mark.parametrize("line", KEPT.values(), ids=KEPT)
def test_unusual_lines_are_kept_alone_and_among_others(line: bytes) -> None:
    assert not isinstance(alone(line), str)
    for content in (line + b"\n", GOOD + b"\n" + line + b"\n" + GOOD + b"\n"):
        assert at_once(content).kept == content


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD)
def test_bad_lines_have_their_reason_alone_and_among_others(line: bytes, reason: Reason) -> None:
    assert alone(line) == reason
    assert at_once(line + b"\n").bad == [(1, reason, line)]
    among = at_once(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    assert (among.kept, among.bad) == ((GOOD + b"\n") * 2, [(2, reason, line)])


@pytest.mark.parametrize("time", ["2015-13-01T00:00:00Z", "2015-01-01", ""])
@pytest.mark.parametrize("others", [[], [GOOD], [GOOD.replace(b"PushEvent", b"GollumEvent")]])
def test_a_time_that_is_none_makes_a_bad_line_unless_it_is_dropped(
    others: list[bytes], time: str
) -> None:
    bad = GOOD.replace(b"2015-01-01T12:01:00Z", time.encode())
    found = at_once(b"\n".join([*others, bad, *others]))
    assert found.bad == [(len(others) + 1, "bad_created_at", bad)]
    assert found.counts[0] == 2 * len(others) + 1
    dropped = bad.replace(b"PushEvent", b"GistEvent")
    assert at_once(b"\n".join([*others, dropped, *others])).counts[2]["GistEvent"] == 1


@pytest.mark.parametrize(
    ("extra", "kept", "dropped"),
    [
        (b', "type": "WatchEvent"}', {"PushEvent": 1, "WatchEvent": 1}, {}),
        (b', "type": "GollumEvent"}', {"PushEvent": 1}, {"GollumEvent": 1}),
    ],
)
def test_of_equal_keys_the_last_one_counts(
    extra: bytes, kept: dict[str, int], dropped: dict[str, int]
) -> None:
    found = at_once(GOOD + b"\n" + GOOD[:-1] + extra + b"\n")
    assert found.counts == (2, kept, dropped, {})
    assert at_once(GOOD[:-1] + b', "created_at": "never"}').counts[3] == {"bad_created_at": 1}


# --- Real hours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["2015-01-01-12.json.gz", "2012-06-14-15.json.gz", "sample-2014-2021.json.gz"]
)
def test_real_hours_are_read_at_once_every_run_of_them(
    name: str, sample: Callable[[str], bytes]
) -> None:
    content = gzip.decompress(sample(name))
    pieces = (content[at : at + BLOCK_BYTES] for at in range(0, len(content), BLOCK_BYTES))
    reader, lines, answers = LineBatchReader(), 0, []
    for batch in whole_lines(pieces):
        assert isinstance(batch, bytes)
        answers.append(reader.read(batch))
        lines += batch.count(b"\n") + 1
    assert len(answers) > 1
    assert all(answers)
    assert sum(len(events.types) for events in answers if events) == lines
    assert at_once(content) == one_by_one(content)


def test_a_run_that_is_not_read_at_once_leaves_the_next_ones_fast() -> None:
    reader = LineBatchReader()
    good = b"\n".join([GOOD] * 50)
    for bad in (b"null", b'{"a":', b"[]", with_payload(b"9" * 30), b"\xff", b"[" * 5000):
        assert reader.read(good + b"\n" + bad) is None
        assert reader.read(good) is not None


def test_sieves_in_threads_of_one_process_do_not_disturb_one_another() -> None:
    """Each judges lines alone where a batch has a bad one: here in every batch."""
    batches = [b"\n".join([*[GOOD] * 20, b"bad"])] * 150
    quarantined: list[Counter[str]] = []

    def sift() -> None:
        sieve = Sieve(IngestSettings().keeps, lambda *line: None)
        for batch in batches:
            sieve.sift(batch)
        quarantined.append(sieve.quarantined)

    threads = [threading.Thread(target=sift) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quarantined == [Counter(not_json=150)] * 4
