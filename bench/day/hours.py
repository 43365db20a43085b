"""Days of large hours: real lines, each time with other ids, names and times.

All times of a line move as far as the event's own: a pull request of the same day stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
from isal import isal_zlib

from bench.ingest.hours import pool
from local.gharchive.hours import name_of

MEAN_LINE_BYTES = 2340
"""An hour of 50,000 events then has 117 MB."""
CASTS = 60
"""How many people and repositories each one of the real lines stands for."""
LATE_EVERY, TWICE_EVERY = 200, 1000
_HEAD = re.compile(rb'\{"id":"\d+",')
_TIME = b'"created_at":"'
_TIMES = re.compile(rb'(?<=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z")')
_REPO = re.compile(rb'"repo":\{"id":\d+,"name":"')


class Day(msgspec.Struct, frozen=True):
    """What was built."""

    lines: int
    raw_bytes: int
    gzip_bytes: int
    origin: str


class _Template(NamedTuple):
    """A line without its id, cut before its repository's name; the time of its event."""

    head: bytes
    rest: bytes
    time: datetime


def write_day(folder: Path, day: datetime, events_per_hour: int, *, is_late: bool) -> Day:
    """Write a day's 24 hours, always the same ones; once written they stay.

    If `is_late`, its first file holds some events of the day before.
    """
    # Of another name than those that were built otherwise
    account = folder / f"{day:%Y-%m-%d}-{events_per_hour}-{is_late}.moved.about"
    if account.exists():
        return msgspec.json.decode(account.read_bytes(), type=Day)
    folder.mkdir(parents=True, exist_ok=True)
    hours = [day + timedelta(hours=hour) for hour in range(24)]
    write = partial(_write_hour, folder, events_per_hour=events_per_hour, is_late=is_late)
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as executor:
        sizes = list(executor.map(write, hours))
    lines, raw_bytes, gzip_bytes = (sum(size) for size in zip(*sizes, strict=True))
    built = Day(lines, raw_bytes, gzip_bytes, _templates()[2])
    account.write_bytes(msgspec.json.encode(built))
    return built


def _write_hour(
    folder: Path, hour: datetime, *, events_per_hour: int, is_late: bool
) -> tuple[int, int, int]:
    """Write an hour; return its lines, and its bytes before and after gzip."""
    path = folder / name_of(hour)
    lines = list(_lines(hour, events_per_hour, is_late=is_late))
    content = b"".join(lines)
    path.write_bytes(isal_zlib.compress(content, level=2, wbits=31))
    return len(lines), len(content), path.stat().st_size


def _lines(hour: datetime, count: int, *, is_late: bool) -> Iterator[bytes]:
    random = Random(hour.isoformat())
    templates, weights, _ = _templates()
    first_id = 40_000_000_000 + int(hour.timestamp()) * 100
    drawn = random.choices(range(len(templates)), cum_weights=weights, k=count)
    casts = random.choices(range(10, 10 + CASTS), k=count)
    for number, (template, cast) in enumerate(zip(drawn, casts, strict=True)):
        at = hour + timedelta(seconds=number * 3600 // count)
        if number % LATE_EVERY == 7 and (hour.hour or is_late):
            at -= timedelta(hours=1)
        head, rest, time = templates[template]
        ids, names = b'"id":%d' % cast, b'"login":"v%d' % cast
        line = b"".join(
            (
                b'{"id":"%d",' % (first_id + number),
                _moved(head, at - time).replace(b'"id":', ids).replace(b'"login":"', names),
                b"v%d" % cast,
                _moved(rest, at - time).replace(b'"id":', ids).replace(b'"login":"', names),
            )
        )
        yield line
        if number % TWICE_EVERY == 3:
            yield line


@cache
def _templates() -> tuple[list[_Template], list[float], str]:
    """Cut the lines; those whose ids aren't numbers, or that lack a repository, are left out."""
    lines, weights, origin = pool(MEAN_LINE_BYTES)
    found = [(_cut(line), weight) for line, weight in zip(lines, weights, strict=True)]
    kept = [(template, weight) for template, weight in found if template]
    return [template for template, _ in kept], list(accumulate(w for _, w in kept)), origin


def _cut(line: bytes) -> _Template | None:
    head, repo = _HEAD.match(line), _REPO.search(line)
    at = line.rfind(_TIME) + len(_TIME)
    if not head or not repo or repo.end() > at or re.search(rb'"id":[^\d]', line[head.end() :]):
        return None
    time = datetime.fromisoformat(line[at : at + 19].decode())
    return _Template(line[head.end() : repo.end()], line[repo.end() :], time)


def _moved(text: bytes, by: timedelta) -> bytes:
    def moved(match: re.Match[bytes]) -> bytes:
        return (datetime.fromisoformat(match[0].decode()) + by).isoformat().encode()

    return _TIMES.sub(moved, text)
