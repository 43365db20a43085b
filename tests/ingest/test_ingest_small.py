"""Hours whose files are far smaller than others were are loaded, and somebody hears of them."""

from __future__ import annotations

import gzip
import secrets
from datetime import datetime, timedelta

import msgspec
import pytest

from include.ingest import (
    ArchiveHour,
    HourOutcome,
    IngestSettings,
    TransientIngestError,
    alarm,
    ingest_hour,
)
from tests.blob_storage import AzureContainers
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import downloaded, event, gz, ndjson

HOUR = datetime(2025, 10, 10, 12)
ONE_LINE = gz(ndjson(event(1)))


def file_of(hour: datetime) -> str:
    return ArchiveHour.of(hour).source_url("").lstrip("/")


def of_size(size: int) -> Answer:
    """Return a file of about this size, whose size alone anybody asks for."""
    return Answer(b"\x1f\x8b" * (size // 2))


def hour_of_size(size: int) -> Answer:
    noise = secrets.token_hex(max(1, size - len(ONE_LINE)))
    return Answer(gz(ndjson(event(1, payload=noise))))


NEIGHBOURS = (-1, 1)
WEEKS = (-168, 168, -336, -672)


class Verdict:
    """Ingests an hour of some size among others of theirs."""

    def __init__(
        self, archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
    ) -> None:
        self.archive, self.settings, self.containers = archive, settings, containers

    def of(self, answer: Answer, others: dict[int, int], share: float = 0.1) -> HourOutcome:
        """`others` are the sizes of the files so many hours away."""
        for hours, size in others.items():
            self.archive.serve(file_of(HOUR + timedelta(hours=hours)), of_size(size))
        self.archive.serve(file_of(HOUR), answer)
        settings = msgspec.structs.replace(self.settings, suspicious_share=share)
        return ingest_hour(HOUR, settings, self.containers)


@pytest.fixture
def verdict(
    archive: ArchiveServer, settings: IngestSettings, containers: AzureContainers
) -> Verdict:
    return Verdict(archive, settings, containers)


def test_one_line_among_normal_neighbours_is_loaded_and_flagged(
    verdict: Verdict, containers: AzureContainers
) -> None:
    outcome = verdict.of(Answer(ONE_LINE), {-1: 50_000, 1: 60_000})
    assert outcome.verdict == "suspiciously_small"
    assert (outcome.kept, outcome.usual_bytes) == ({"PushEvent": 1}, 55_000)
    assert gzip.decompress(downloaded(containers.events, outcome.blob_name)) == ndjson(event(1))
    assert alarm([outcome.to_dict()]) == (
        f"2025-10-10T12 is suspiciously small: {len(ONE_LINE):,} bytes of 55,000 usual"
    )
    # The archive's answer is the same, and so is ours, whatever the others have become
    verdict.archive.serve(file_of(HOUR + timedelta(hours=1)), Answer(ONE_LINE))
    assert verdict.of(Answer(ONE_LINE), {}) == outcome


def test_a_day_that_collapsed_as_a_whole_is_seen_by_other_weeks(verdict: Verdict) -> None:
    others = dict.fromkeys(NEIGHBOURS, 200) | dict.fromkeys(WEEKS, 50_000)
    outcome = verdict.of(Answer(ONE_LINE), others)
    assert (outcome.verdict, outcome.usual_bytes) == ("suspiciously_small", 50_000)


def test_other_weeks_are_asked_where_the_nearest_is_missing(verdict: Verdict) -> None:
    others = dict.fromkeys(NEIGHBOURS, 200) | {168: 60_000, -336: 50_000, -672: 50_000}
    assert verdict.of(Answer(ONE_LINE), others).verdict == "suspiciously_small"


def test_one_hour_is_enough_to_compare_with(verdict: Verdict) -> None:
    assert verdict.of(Answer(ONE_LINE), {1: 50_000}).verdict == "suspiciously_small"


def test_the_first_hours_of_an_archive_have_nothing_to_be_smaller_than(verdict: Verdict) -> None:
    outcome = verdict.of(Answer(ONE_LINE), {})
    assert (outcome.verdict, outcome.usual_bytes) == ("published", None)


def test_a_change_of_the_archive_to_a_fifth_is_not_flagged(verdict: Verdict) -> None:
    others = {-1: 50_000, 1: 10_000, -168: 50_000, 168: 10_000, -336: 50_000, -672: 50_000}
    outcome = verdict.of(hour_of_size(10_000), others)
    assert outcome.verdict == "published"


@pytest.mark.parametrize(("size", "said"), [(4_000, "suspiciously_small"), (6_000, "published")])
def test_the_share_is_a_setting(size: int, said: str, verdict: Verdict) -> None:
    others = dict.fromkeys((*NEIGHBOURS, *WEEKS), 10_000)
    assert verdict.of(hour_of_size(size), others, share=0.5).verdict == said


def test_a_share_of_0_asks_nobody(verdict: Verdict) -> None:
    others = dict.fromkeys((*NEIGHBOURS, *WEEKS), 50_000)
    outcome = verdict.of(Answer(ONE_LINE), others, share=0)
    assert (outcome.verdict, outcome.usual_bytes) == ("published", None)
    assert verdict.archive.sizes_asked == []


def test_of_a_normal_hour_only_two_others_are_asked_and_none_is_downloaded(
    verdict: Verdict,
) -> None:
    others = dict.fromkeys((*NEIGHBOURS, *WEEKS), 5_000)
    assert verdict.of(hour_of_size(5_000), others).verdict == "published"
    assert verdict.archive.sizes_asked == [
        file_of(HOUR - timedelta(hours=1)),
        file_of(HOUR - timedelta(weeks=1)),
    ]
    assert [request.path for request in verdict.archive.requests] == [f"/{file_of(HOUR)}"]


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_host_that_does_not_tell_sizes_stops_nothing(status: int, verdict: Verdict) -> None:
    for hours in (*NEIGHBOURS, *WEEKS):
        verdict.archive.serve(file_of(HOUR + timedelta(hours=hours)), Answer(status=status))
    assert verdict.of(Answer(ONE_LINE), {}).verdict == "published"


def test_an_hour_that_was_small_and_is_republished_whole_is_well_again(verdict: Verdict) -> None:
    others = dict.fromkeys((*NEIGHBOURS, *WEEKS), 50_000)
    assert verdict.of(Answer(ONE_LINE), others).verdict == "suspiciously_small"
    assert verdict.of(hour_of_size(50_000), others).verdict == "republished"


def test_nothing_is_compared_of_an_hour_that_failed(verdict: Verdict) -> None:
    with pytest.raises(TransientIngestError):
        verdict.of(Answer(ONE_LINE[:-9], has_etag=False), dict.fromkeys(NEIGHBOURS, 50_000))
    assert verdict.archive.sizes_asked == []
