"""An archive and small hours for it: the present's, since a tick looks back from now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from functions.catch_up import window
from include.ingest import ArchiveHour
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import event, gz, ndjson


@pytest.fixture
def archive() -> Iterator[ArchiveServer]:
    with ArchiveServer() as server:
        yield server


@pytest.fixture
def hours() -> list[ArchiveHour]:
    """Return the last three complete hours; they stay the last three for a minute at least."""
    left = 3600 - time.time() % 3600
    if left < 60:
        time.sleep(left)
    return window(datetime.now(UTC), 3)


def file_of(hour: ArchiveHour) -> str:
    """Return the name of an hour's file in the archive."""
    return hour.source_url("").removeprefix("/")


def small_hour(hour: ArchiveHour) -> Answer:
    """Return two events, one of them of an unused type."""
    number = hour.start.hour
    return Answer(gz(ndjson(event(number), event(100 + number, "GollumEvent"))))


def statuses(archive: ArchiveServer) -> list[int]:
    """Return how the archive has answered since this was asked last."""
    found = [request.status for request in archive.requests]
    archive.requests.clear()
    return found
