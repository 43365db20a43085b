"""The benchmark compares equal work: all that filter keep the lines that ingest keeps."""

import gzip
import json
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.ingest import lineup
from bench.ingest.hours import pool
from bench.ingest.lineup import Contender, Task
from bench.ingest.rows import CORES, serving
from bench.ingest.usage import run
from include.ingest import DROPPED_TYPES

EVERY = 20
EVENT = (
    '{"id":"1","type":"%s","actor":{"id":1},"repo":{"id":1},"payload":%s,"public":true,'
    '"created_at":"2024-03-05T14:00:00Z"}\n'
)
UNUSED = [EVENT % (name, "{}") for name in sorted(DROPPED_TYPES)] + [
    EVENT % (r"Gollum\u0045vent", "{}"),
    '{"payload":{"type":"PushEvent"},' + (EVENT % ("GistEvent", "{}"))[1:],
]
LOOKALIKE = EVENT % ("PushEvent", r'{"type":"GollumEvent","text":"€ \"type\":\"GistEvent\""}')


class Served(NamedTuple):
    """An hour of some hundred lines, most of them real."""

    folder: Path
    address: str
    lines: list[bytes]

    def kept(self, contender: Contender, out: Path) -> bytes:
        """Run a contender and return the content that it wrote for the hour."""
        run(contender.job(Task(self.folder, self.address, out)), CORES)
        written = sorted(out.rglob("*.gz"))
        return gzip.decompress(written[0].read_bytes())


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the hour."""
    folder = tmp_path_factory.mktemp("hours")
    lines = pool().lines[::EVERY] + [line.encode() for line in [*UNUSED, LOOKALIKE]]
    for name in lineup.FILES:
        (folder / name).write_bytes(gzip.compress(b"".join(lines)))
    with serving(folder) as address:
        yield Served(folder, address, lines)


@pytest.fixture(scope="module")
def kept(hour: Served, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return what ingest keeps."""
    return hour.kept(lineup.INGEST, tmp_path_factory.mktemp("kept"))


def test_ingest_keeps_what_is_used(hour: Served, kept: bytes) -> None:
    types = {json.loads(line)["type"] for line in hour.lines}
    assert types > DROPPED_TYPES
    assert {json.loads(line)["type"] for line in kept.splitlines()} == types - DROPPED_TYPES
    assert kept.endswith(LOOKALIKE.encode())


@pytest.mark.parametrize("contender", [lineup.FLOOR, lineup.INGEST_ALL], ids=attrgetter("title"))
def test_who_keeps_everything_changes_nothing(
    contender: Contender, hour: Served, tmp_path: Path
) -> None:
    assert hour.kept(contender, tmp_path) == b"".join(hour.lines)


@pytest.mark.parametrize(
    "contender",
    [lineup.INGEST_TWO, lineup.GZIP_JSON, lineup.DUCKDB, lineup.POLARS, lineup.POLARS_FAST],
    ids=attrgetter("title"),
)
def test_who_filters_keeps_the_same_lines(
    contender: Contender, hour: Served, kept: bytes, tmp_path: Path
) -> None:
    assert hour.kept(contender, tmp_path) == kept


def test_jq_keeps_the_same_events(hour: Served, kept: bytes, tmp_path: Path) -> None:
    if lineup.JQ.is_missing:
        pytest.skip("jq is not installed")
    written = hour.kept(lineup.JQ, tmp_path).splitlines()
    assert [json.loads(line) for line in written] == [
        json.loads(line) for line in kept.splitlines()
    ]
