"""Check and filter: which lines of an hour are kept, dropped or quarantined, and why.

The check is at least as strict as Snowflake's JSON loader, so that a kept line always loads.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import UTC, datetime
from itertools import compress
from typing import Any, Literal, NamedTuple

import simdjson

from include.ingest.outcome import Era

MAX_LINE_BYTES = 16 << 20
"""Snowflake's default limit of one row."""
QUARANTINED_HEAD_BYTES = 1 << 20
"""How much of an overlong line the quarantine keeps."""
MAX_TYPE_CHARACTERS = 100
MAX_DEPTH = 1024
"""Of arrays and objects in one another: simdjson's limit."""

# What every event of an era has. A Timeline event's actor may be null, and its repository absent.
TIMELINE_FIELDS = frozenset({"type", "created_at", "actor"})
EVENT_FIELDS = TIMELINE_FIELDS | {"id", "repo", "payload"}

Reason = Literal[
    "blank",
    "not_utf8",
    "not_json",
    "not_an_event",
    "bad_created_at",
    "nested_too_deep",
    "number_too_large",
    "too_long",
]
OnBadLine = Callable[[int, Reason, bytes], None]


class Overlong(NamedTuple):
    """The start of a line that is longer than any reader takes."""

    head: bytes


def whole_lines(
    pieces: Iterable[bytes], max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[bytes | Overlong]:
    """Cut content that comes in pieces into batches of whole lines, without the end of the last.

    An overlong line comes alone. Holds no more than one line and one piece in memory.
    """
    begun: list[bytes] = []
    begun_bytes = 0
    for piece in pieces:
        first_end = piece.find(b"\n")
        if first_end < 0:
            if begun_bytes <= max_line_bytes:
                begun.append(piece)
            begun_bytes += len(piece)
            continue
        if begun_bytes + first_end > max_line_bytes:
            yield Overlong(b"".join([*begun, piece[:first_end]])[:QUARANTINED_HEAD_BYTES])
            begun, piece = [], piece[first_end + 1 :]
        last_end = piece.rfind(b"\n")
        if last_end >= 0:
            yield b"".join([*begun, memoryview(piece)[:last_end]])
            begun = []
        begun.append(piece[last_end + 1 :])
        begun_bytes = sum(map(len, begun))
    if begun_bytes > max_line_bytes:
        yield Overlong(b"".join(begun)[:QUARANTINED_HEAD_BYTES])
    elif begun_bytes:
        yield b"".join(begun)


class Event(NamedTuple):
    """What a line says that decides; everything else is only checked to be JSON."""

    type: str
    created_at: str
    era: Era | None


class Events(NamedTuple):
    """What the lines of a batch say, in their order; the era is the first that one tells."""

    types: list[str]
    created_at: list[str]
    era: Era | None


class LineBatchReader:
    """Reads a batch of good lines at once, which costs half of reading them one by one.

    The lines are parsed as one JSON array, with a number for each line's end that no file can
    know. Where these numbers come between the array's elements, and there alone, each element is
    a line: an end within a line would have been swallowed by a string or a nested array.
    """

    def __init__(self) -> None:
        self._parser = simdjson.Parser()
        self._number = secrets.randbits(62)
        self._end = b",%d," % self._number
        self._known_shapes: set[tuple[str, ...]] = set()

    def read(self, lines: bytes) -> Events | None:
        """Return what the lines say, None if that must be found out line by line."""
        try:
            return self._read(lines)
        except (ValueError, TypeError, KeyError, RuntimeError):
            return None

    def _read(self, lines: bytes) -> Events | None:
        joined = lines.replace(b"\n", self._end)
        # Found by the length, since counting costs as much as parsing
        line_ends = (len(joined) - len(lines)) // (len(self._end) - 1)
        array: Any = self._parser.parse(b"[" + joined + b"]")
        elements = list(array)
        events = elements[::2]
        if len(events) != line_ends + 1 or elements[1::2] != [self._number] * line_ends:
            return None
        if not all(map(self._knows_shape, set(map(tuple, events)))):
            return None
        types = [event["type"] for event in events]
        times = [event["created_at"] for event in events]
        if not all(map(_is_type, set(types))) or not all(map(_is_text, set(times))):
            return None
        return Events(types, times, next(filter(None, map(era_of, events)), None))

    def _knows_shape(self, shape: tuple[str, ...]) -> bool:
        """Tell whether events with these keys, in this order, are good."""
        if shape not in self._known_shapes:
            # Of two equal keys Snowflake takes the last, and the parser the first
            if len(set(shape)) < len(shape) or not _has_fields(set(shape)):
                return False
            if len(self._known_shapes) < 1000:
                self._known_shapes.add(shape)
        return True


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
        self._batch_reader = LineBatchReader()
        self._parser = simdjson.Parser()

    def sift(self, lines: bytes | Overlong) -> bytes:
        """Return those of `lines` that are kept, unaltered, each with an end."""
        if isinstance(lines, Overlong):
            self.lines_read += 1
            self._quarantine("too_long", lines.head)
            return b""
        events = self._batch_reader.read(lines)
        if events is None:
            return self._sift_each(lines.split(b"\n"))
        dropped = {kind for kind in set(events.types) if not self._keeps(kind)}
        if dropped:
            return self._sift_some(lines, events, dropped)
        if not self._learn_times(set(events.created_at)):
            return self._sift_each(lines.split(b"\n"))
        self.lines_read += len(events.types)
        self.kept.update(events.types)
        self.era = self.era or events.era
        return lines + b"\n"

    def _sift_some(self, lines: bytes, events: Events, dropped: set[str]) -> bytes:
        """Sift good lines of which some are dropped."""
        split = lines.split(b"\n")
        is_kept = [kind not in dropped for kind in events.types]
        if not self._learn_times(set(compress(events.created_at, is_kept))):
            return self._sift_each(split)
        kept = Counter(compress(events.types, is_kept))
        self.lines_read += len(split)
        self.kept.update(kept)
        self.dropped.update(Counter(events.types) - kept)
        self.era = self.era or events.era
        return b"\n".join([*compress(split, is_kept), b""])

    def _sift_each(self, lines: list[bytes]) -> bytes:
        """Sift lines of which some may be bad, one by one."""
        kept = []
        for line in lines:
            self.lines_read += 1
            event = judge(line, self._parser)
            if isinstance(event, str):
                self._quarantine(event, line)
                continue
            if not self._keeps(event.type):
                self.dropped[event.type] += 1
            elif self._learn_times({event.created_at}):
                self.kept[event.type] += 1
                kept.append(line)
            else:
                self._quarantine("bad_created_at", line)
                continue
            self.era = self.era or event.era
        return b"\n".join([*kept, b""])

    def _quarantine(self, reason: Reason, line: bytes) -> None:
        self.quarantined[reason] += 1
        self._on_bad_line(self.lines_read, reason, line)

    def _learn_times(self, texts: set[str]) -> bool:
        """Remember what these `created_at` mean; all of them, or none if one means nothing."""
        new = {text: parse_created_at(text) for text in texts if text not in self.created_at}
        if None in new.values():
            return False
        self.created_at.update({text: moment for text, moment in new.items() if moment})
        return True


def judge(line: bytes, parser: simdjson.Parser) -> Event | Reason:
    """Tell what one line says, or what is wrong with it; `parser` is nobody else's meanwhile."""
    if not line.strip():
        return "blank"
    if not _is_utf8(line):
        return "not_utf8"
    try:
        event = parser.parse(line)
    except (ValueError, RuntimeError) as error:
        code = str(error).partition(":")[0]
        if code == "DEPTH_ERROR":
            return "nested_too_deep"
        if code in ("BIGINT_ERROR", "NUMBER_ERROR"):
            return _judge_numbers(line)
        return "not_json"
    if line.startswith(BYTE_ORDER_MARK):
        return "not_json"
    return _judge_fields(dict(event.items())) if isinstance(event, simdjson.Object) else _NO_EVENT


_NO_EVENT: Reason = "not_an_event"
BYTE_ORDER_MARK = "\ufeff".encode()


def _judge_numbers(line: bytes) -> Event | Reason:
    """Judge a line with numbers beyond 64 bits: Snowflake takes them up to what a double holds."""
    try:
        event = json.loads(
            line.decode(), parse_int=_finite, parse_float=_finite, parse_constant=_finite
        )
        json.dumps(event, ensure_ascii=False).encode()
    except OverflowError:
        return "number_too_large"
    except RecursionError:
        return "nested_too_deep"
    except ValueError:
        return "not_json"
    if _is_deep(event):
        return "nested_too_deep"
    return _judge_fields(event) if isinstance(event, dict) else _NO_EVENT


def _is_deep(value: object) -> bool:
    """Tell whether simdjson would call it too deep; Python's reader goes on, as far as it can."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for outer in level:
            if isinstance(outer, dict | list):
                inner += outer.values() if isinstance(outer, dict) else outer
        if not inner:
            return False
        level = inner
    return True


def _finite(number: str) -> float:
    if number in ("NaN", "Infinity", "-Infinity"):
        raise ValueError(number)
    value = float(number)
    if math.isinf(value):
        raise OverflowError(number)
    return value


def _judge_fields(fields: dict[str, Any]) -> Event | Reason:
    if not _has_fields(fields.keys()) or not _is_type(fields["type"]):
        return _NO_EVENT
    if not _is_text(fields["created_at"]):
        return _NO_EVENT
    return Event(fields["type"], fields["created_at"], era_of(fields))


def _has_fields(names: Set[str]) -> bool:
    return names >= (EVENT_FIELDS if "id" in names else TIMELINE_FIELDS)


def _is_type(kind: object) -> bool:
    return isinstance(kind, str) and 0 < len(kind) <= MAX_TYPE_CHARACTERS


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_utf8(data: bytes) -> bool:
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


def era_of(event: Mapping[str, Any]) -> Era | None:
    """Tell an event's era from its content; None if two eras share its type's form."""
    if "id" not in event:
        return "timeline"
    kind, payload = event["type"], event["payload"]
    if kind == "PushEvent" and _is_object(payload):
        return "events" if "size" in payload else "trimmed"
    if kind == "PullRequestEvent" and _is_object(payload):
        pull_request = payload.get("pull_request")
        if _is_object(pull_request):
            return "events" if "title" in pull_request else "trimmed"
    return None


def _is_object(value: object) -> bool:
    return isinstance(value, dict | simdjson.Object)
