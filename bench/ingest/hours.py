"""The hours that the contenders work on: real lines, drawn until there are enough of them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import datetime
from itertools import repeat
from pathlib import Path
from random import Random
from statistics import fmean
from typing import NamedTuple

import msgspec

from local.gharchive.simulator import simulate
from tests.archive_samples import SAMPLES

MEAN_LINE_BYTES = 3800
"""What a line of 2024 has; an hour then has some 250,000 of them, and 960 MB."""
RECENT_SINCE = 2020
DRAWN_AT_ONCE = 1000
# As the archive's own files
ZLIB_LEVEL = 6


class Pool(NamedTuple):
    """Lines to draw from, how often each one is drawn, and where they come from."""

    lines: list[bytes]
    weights: list[float]
    origin: str


class Hour(msgspec.Struct, frozen=True):
    """What was built."""

    lines: int
    raw_bytes: int
    gzip_bytes: int
    origin: str

    @property
    def mean_line_bytes(self) -> float:
        """The mean line, its end included."""
        return self.raw_bytes / self.lines


def pool(mean_line_bytes: int = MEAN_LINE_BYTES) -> Pool:
    """Return real lines, weighted to that mean; simulated lines without samples."""
    whole, mixed = (
        SAMPLES / name for name in ("2015-01-01-12.json.gz", "sample-2014-2021.json.gz")
    )
    if not (whole.exists() and mixed.exists()):
        simulated = list(simulate(datetime(2024, 3, 5, 14)))
        return Pool(simulated, [1.0] * len(simulated), "SIMULATED lines: the samples are missing")
    old, recent = _events(whole, since=2015), _events(mixed, since=RECENT_SINCE)
    old_mean, recent_mean = (fmean(map(len, lines)) for lines in (old, recent))
    share = (mean_line_bytes - old_mean) / (recent_mean - old_mean)
    return Pool(
        old + recent,
        [*repeat((1 - share) / len(old), len(old)), *repeat(share / len(recent), len(recent))],
        f"{share:.0%} of them drawn from {len(recent):,} real lines of {RECENT_SINCE}-2021 and the "
        f"rest from {len(old):,} of 2015-01-01-12, so that their mean is {mean_line_bytes:,} bytes",
    )


def _events(path: Path, since: int) -> list[bytes]:
    """Return the lines of the Events era, which have an id, since a year."""
    with gzip.open(path) as file:
        return [line for line in file if _is_event(msgspec.json.decode(line), since)]


def _is_event(event: dict[str, object], since: int) -> bool:
    return "id" in event and str(event["created_at"]) >= str(since)


def write_hour(path: Path, pool: Pool, raw_bytes: int, seed: int = 2011) -> Hour:
    """Write an hour of at least `raw_bytes`, always the same one; once written it stays."""
    account = path.with_suffix(".about")
    if account.exists():
        found = msgspec.json.decode(account.read_bytes(), type=Hour)
        if found.origin == pool.origin and found.raw_bytes >= raw_bytes:
            return found
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = written = 0
    with path.open("wb") as file, gzip.GzipFile("", "wb", ZLIB_LEVEL, file, mtime=0) as gz:
        for drawn in _draws(pool, seed):
            written += gz.write(b"".join(drawn))
            lines += len(drawn)
            if written >= raw_bytes:
                break
    hour = Hour(lines, written, path.stat().st_size, pool.origin)
    account.write_bytes(msgspec.json.encode(hour))
    return hour


def _draws(pool: Pool, seed: int) -> Iterable[list[bytes]]:
    random = Random(seed)
    while True:
        yield random.choices(pool.lines, pool.weights, k=DRAWN_AT_ONCE)
