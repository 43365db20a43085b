"""A tick's logic, with folders in the place of containers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.catch_up import STARTING_SECONDS, CatchUpError, catch_up, window
from include.ingest import (
    ArchiveHour,
    Containers,
    HourOutcome,
    IngestSettings,
    NotYetPublished,
    PermanentIngestError,
    TransientIngestError,
    UnusableHour,
)
from tests.functions.conftest import file_of, small_hour, statuses
from tests.ingest.archive_server import Answer, ArchiveServer

NOTHING = Containers.opened(lambda _: None)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path: Path) -> Containers[Path]:
    return Containers.opened(tmp_path.joinpath, prefix="")


@pytest.fixture
def settings(archive: ArchiveServer) -> IngestSettings:
    return IngestSettings(base_url=archive.base_url, retry_wait=0.01)


@given(now=st.datetimes(min_value=datetime(2011, 3, 1)), hours=st.integers(1, 168))
def test_the_window_is_the_last_complete_hours_in_order(now: datetime, hours: int) -> None:
    now = now.replace(tzinfo=UTC)
    starts = [hour.start for hour in window(now, hours)]
    assert len(starts) == hours
    assert timedelta(hours=1) <= now - starts[-1] < timedelta(hours=2)
    assert all(after - before == timedelta(hours=1) for before, after in pairwise(starts))


def test_a_tick_brings_the_window_and_says_what_came(
    hours: list[ArchiveHour],
    archive: ArchiveServer,
    settings: IngestSettings,
    folders: Containers[Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "functions")
    for hour in hours:
        archive.serve(file_of(hour), small_hour(hour))
    now = datetime.now(UTC)
    catch_up(now, 3, settings, folders)
    assert all((folders.events / hour.events_name).exists() for hour in hours)
    counts = "1 kept, 1 dropped, 0 quarantined"
    assert [f"{hour}: published, {counts}" for hour in hours] == ours(caplog)

    caplog.clear()
    statuses(archive)
    catch_up(datetime.now(UTC), 3, settings, folders)
    assert statuses(archive) == [304, 304, 304]
    assert [f"{hour}: published, unchanged, {counts}" for hour in hours] == ours(caplog)


def test_an_hour_that_fails_leaves_the_others_alone(
    hours: list[ArchiveHour],
    archive: ArchiveServer,
    settings: IngestSettings,
    folders: Containers[Path],
) -> None:
    for hour in hours:
        archive.serve(file_of(hour), small_hour(hour))
    archive.serve(file_of(hours[0]), *[Answer(status=503)] * 3, small_hour(hours[0]))
    with pytest.raises(CatchUpError, match=rf"^1 of 3 hours failed:\n{hours[0]}: .*503"):
        catch_up(datetime.now(UTC), 3, settings, folders)
    there = [(folders.events / hour.events_name).exists() for hour in hours]
    assert there == [False, True, True]
    statuses(archive)
    catch_up(datetime.now(UTC), 3, settings, folders)
    assert statuses(archive) == [200, 304, 304]


def test_an_alarming_hour_is_a_warning_and_no_failure(
    hours: list[ArchiveHour],
    archive: ArchiveServer,
    settings: IngestSettings,
    folders: Containers[Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    archive.serve(file_of(hours[-1]), Answer(small_hour(hours[-1]).body[:-4]))
    catch_up(datetime.now(UTC), 1, settings, folders)
    assert [
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    ].count(f"{hours[-1]}: damaged, 1 kept, 1 dropped, 0 quarantined") == 1


def test_out_of_time_the_rest_is_left_to_the_next_tick(
    hours: list[ArchiveHour],
    archive: ArchiveServer,
    settings: IngestSettings,
    folders: Containers[Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for hour in hours:
        archive.serve(file_of(hour), small_hour(hour))
    # One look before the first hour, one before each: the third finds the time gone
    clock: Iterator[float] = iter([0.0, 0.0, STARTING_SECONDS - 1, STARTING_SECONDS])
    catch_up(datetime.now(UTC), 3, settings, folders, clock.__next__)
    assert [(folders.events / hour.events_name).exists() for hour in hours] == [True, True, False]
    assert f"those from {hours[2]} on are left to the next tick" in caplog.text

    catch_up(datetime.now(UTC), 3, settings, folders)
    assert (folders.events / hours[2].events_name).exists()


RESULTS = {
    "fine": mock.Mock(
        spec=HourOutcome,
        ingested_at=NOON,
        is_alarming=False,
        lines_kept=0,
        lines_dropped=0,
        lines_quarantined=0,
    ),
    "early": NotYetPublished("not there yet"),
    "transient": TransientIngestError("busy"),
    "unusable": UnusableHour("mostly bad lines"),
    "permanent": PermanentIngestError("refused"),
}


@given(st.lists(st.sampled_from(sorted(RESULTS)), min_size=1, max_size=12))
def test_every_failure_is_told_and_only_a_permanent_one_stops(results: list[str]) -> None:
    stop = results.index("permanent") + 1 if "permanent" in results else len(results)
    failed = [
        str(hour)
        for hour, result in zip(window(NOON, len(results)), results[:stop], strict=False)
        if result in ("transient", "unusable", "permanent")
    ]
    told = []
    with mock.patch(
        "functions.catch_up.ingest_hour", side_effect=[RESULTS[result] for result in results]
    ) as ingest:
        try:
            catch_up(NOON, len(results), IngestSettings(), NOTHING)
        except CatchUpError as error:
            told = str(error).splitlines()[1:]
    assert [line[: len("2026-01-01T00")] for line in told] == failed
    assert ingest.call_count == stop


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the tick's own lines."""
    return [record.getMessage() for record in caplog.records if record.name == "functions.catch_up"]
