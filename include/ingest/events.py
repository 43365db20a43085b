"""Check and filter: which lines of an hour are kept, dropped or quarantined, and why.

The check is at least as strict as Snowflake's JSON loader, so that a kept line always loads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

import msgspec

from include.ingest.outcome import Era

READ_BYTES = 1 << 20
MAX_LINE_BYTES = 16 << 20
"""Snowflake's default limit of one row."""
QUARANTINED_HEAD_BYTES = 1 << 20
"""How much of an overlong line the quarantine keeps."""

Reason = Literal[
    "blank", "not_utf8", "not_json", "not_an_event", "bad_created_at", "nested_too_deep", "too_long"
]
OnBadLine = Callable[[int, Reason, bytes], None]


class Overlong(NamedTuple):
    """The start of a line that is longer than any reader takes."""

    head: bytes


def whole_lines(
    read: Callable[[int], bytes],
    read_bytes: int = READ_BYTES,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[bytes | Overlong]:
    """Cut what `read` gives into runs of whole lines, without the end of the last.

    An overlong line comes alone. Holds no more than one line and one read in memory.
    """
    begun = b""
    begun_bytes = 0
    while block := read(read_bytes):
        first_end = block.find(b"\n")
        if first_end < 0:
            begun_bytes += len(block)
            if len(begun) <= max_line_bytes:
                begun += block
            continue
        if begun_bytes + first_end > max_line_bytes:
            yield Overlong((begun + block[:first_end])[:QUARANTINED_HEAD_BYTES])
            begun, block = b"", block[first_end + 1 :]
        last_end = block.rfind(b"\n")
        if last_end >= 0:
            yield begun + block[:last_end]
            begun = b""
        begun += block[last_end + 1 :]
        begun_bytes = len(begun)
    if begun_bytes > max_line_bytes:
        yield Overlong(begun[:QUARANTINED_HEAD_BYTES])
    elif begun:
        yield begun


class _Event(msgspec.Struct):
    """The fields that decide; everything else is only checked to be JSON."""

    type: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    created_at: str
    id: str | int | None = None


class Sieve:
    """Sorts the lines of one hour and keeps the account of it."""

    def __init__(self, keeps: Callable[[str], bool], on_bad_line: OnBadLine) -> None:
        """Keep the event types for which `keeps` is true; hand each bad line to `on_bad_line`."""
        self.lines_read = 0
        self.kept: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.era: Era | None = None
        self.created_at: dict[str, datetime] = {}
        """Every distinct `created_at` of a kept line, and what it means in UTC."""
        self._keeps = keeps
        self._on_bad_line = on_bad_line

    def sift(self, lines: bytes | Overlong) -> bytes:
        """Return those of `lines` that are kept, unaltered, each with an end."""
        if isinstance(lines, Overlong):
            self.lines_read += 1
            self._quarantine("too_long", lines.head)
            return b""
        kept = []
        for line in lines.split(b"\n"):
            self.lines_read += 1
            event = _decoded(line)
            if event is None or not _is_utf8(line):
                self._quarantine(_what_is_wrong(line), line)
                continue
            if not self._keeps(event.type):
                self.dropped[event.type] += 1
            elif event.created_at in self.created_at or self._learn_time(event.created_at):
                self.kept[event.type] += 1
                kept.append(line)
            else:
                self._quarantine("bad_created_at", line)
                continue
            if self.era is None:
                self.era = era_of(event, line)
        return b"\n".join([*kept, b""])

    def _quarantine(self, reason: Reason, line: bytes) -> None:
        self.quarantined[reason] += 1
        self._on_bad_line(self.lines_read, reason, line)

    def _learn_time(self, text: str) -> bool:
        moment = parse_created_at(text)
        if moment is not None:
            self.created_at[text] = moment
        return moment is not None


_decode = msgspec.json.Decoder(_Event).decode


def _decoded(line: bytes) -> _Event | None:
    try:
        return _decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None


def _what_is_wrong(line: bytes) -> Reason:
    if not _is_utf8(line):
        return "not_utf8"
    if not line.strip():
        return "blank"
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except RecursionError:
        return "nested_too_deep"
    except msgspec.DecodeError:
        return "not_json"
    return "not_an_event"


def _is_utf8(data: bytes) -> bool:
    # msgspec doesn't look into the strings that it skips
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_CREATED_AT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)"
    r"|(?P<slashed>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d [+-]\d{4})",
    re.ASCII,
)


def parse_created_at(text: str) -> datetime | None:
    """Return an event's time in UTC, None if it has none of the three forms the archive used."""
    match = _CREATED_AT.fullmatch(text)
    if match is None:
        return None
    try:
        moment = (
            datetime.strptime(text, "%Y/%m/%d %H:%M:%S %z")
            if match["slashed"]
            else datetime.fromisoformat(text)
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class _Push(msgspec.Struct):
    size: int | None = None


class _PullRequest(msgspec.Struct):
    title: str | None = None


class _PullRequestPayload(msgspec.Struct):
    pull_request: _PullRequest


class _PushLine(msgspec.Struct):
    payload: _Push


class _PullRequestLine(msgspec.Struct):
    payload: _PullRequestPayload


def era_of(event: _Event, line: bytes) -> Era | None:
    """Tell an event's era from its content; None if events of its type look alike in two eras."""
    if event.id is None:
        return "timeline"
    try:
        if event.type == "PushEvent":
            push = msgspec.json.decode(line, type=_PushLine).payload
            return "trimmed" if push.size is None else "events"
        if event.type == "PullRequestEvent":
            payload = msgspec.json.decode(line, type=_PullRequestLine).payload
            return "trimmed" if payload.pull_request.title is None else "events"
    except msgspec.ValidationError:
        return None
    return None
