"""Every defect of an hour ends in its verdict or error, with nothing lost and nothing made up."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from include.ingest import (
    ArchiveHour,
    IngestError,
    IngestSettings,
    PermanentIngestError,
    Verdict,
    ingest_hour,
)
from include.ingest.events import Reason
from include.ingest.outcome import ALARMING
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import ArchiveServer
from tests.ingest.conftest import blobs
from tests.ingest.defects import DEFECTS, Defect, Scene
from tests.ingest.tcp_proxy import TcpProxy

VERDICTS_MD = Path(__file__).parents[2] / "docs" / "verdicts.md"
VERDICTS = set(get_args(Verdict))


def the(defects: list[Defect]) -> pytest.MarkDecorator:
    """Parametrise a test with these defects, by their names."""
    return pytest.mark.parametrize("defect", defects, ids=lambda defect: defect.name)


@pytest.fixture
def scene(
    archive: ArchiveServer,
    storage: Storage,
    prefix: str,
    settings: IngestSettings,
    containers: AzureContainers,
) -> Iterator[Scene]:
    with TcpProxy(storage.address) as proxy:
        yield Scene(archive, storage, prefix, proxy, settings, containers)


@the([defect for defect in DEFECTS if defect.result in VERDICTS])
def test_a_defect_ends_in_its_verdict_and_no_line_is_lost(defect: Defect, scene: Scene) -> None:
    defect.arrange(scene)

    outcome = ingest_hour(scene.hour, scene.settings, scene.containers)

    stored = blobs(scene.storage, scene.prefix)
    hour = ArchiveHour.of(scene.hour)
    kept = gzip.decompress(stored.get(f"events/{hour.events_name}", gzip.compress(b"")))
    quarantined = quarantined_lines(stored.get(f"quarantine/{hour.quarantine_name}"))
    assert outcome.verdict == defect.result
    assert outcome.is_alarming == (defect.result in ALARMING)
    assert kept == defect.kept
    assert quarantined == defect.quarantined
    assert outcome.quarantined == Counter(reason for reason, _ in defect.quarantined)
    assert sum(outcome.kept.values()) == defect.kept.count(b"\n")
    assert outcome.dropped == {}
    assert outcome.lines_read == defect.kept.count(b"\n") + len(defect.quarantined)
    assert stored.get(f"quarantine/{hour.damaged_name}") == defect.keeps_file
    assert (outcome.damage is not None) == (defect.result == "damaged")
    assert json.loads(stored[f"outcomes/{hour.outcome_name}"]) == outcome.to_dict()

    scene.archive.requests.clear()
    assert ingest_hour(scene.hour, scene.settings, scene.containers) == outcome
    assert sum(request.sent_bytes for request in scene.archive.requests) == 0
    assert blobs(scene.storage, scene.prefix) == stored


@the([defect for defect in DEFECTS if defect.result not in VERDICTS])
def test_a_defect_is_an_error_that_says_what_to_do_and_leaves_readers_nothing_new(
    defect: Defect, scene: Scene
) -> None:
    defect.arrange(scene)
    before = visible(scene)
    scene.archive.requests.clear()

    with pytest.raises(IngestError, match=defect.says) as caught:
        ingest_hour(scene.hour, scene.settings, scene.containers)

    assert type(caught.value).__name__ == defect.result
    assert re.search("[Rr]etry|[Cc]heck|[Rr]enew|[Rr]estore|[Cc]reate|Look at", str(caught.value))
    assert visible(scene) == before
    if isinstance(caught.value, PermanentIngestError):
        # Once, or up to the redirect limit of requests, and not three times that
        assert len(scene.archive.requests) in (0, 1, 31)


def visible(scene: Scene) -> dict[str, bytes]:
    """Return what readers see: the events and their record."""
    stored = blobs(scene.storage, scene.prefix)
    return {name: data for name, data in stored.items() if not name.startswith("quarantine/")}


def quarantined_lines(blob: bytes | None) -> list[tuple[Reason, bytes]]:
    if blob is None:
        return []
    lines = [json.loads(line) for line in gzip.decompress(blob).splitlines()]
    return [
        (
            line["reason"],
            line["raw"].encode() if "raw" in line else base64.b64decode(line["raw_base64"]),
        )
        for line in lines
    ]


def test_a_damaged_hour_is_read_again_once_the_archive_has_another_version(scene: Scene) -> None:
    named = {defect.name: defect for defect in DEFECTS}
    named["a truncated gzip"].arrange(scene)
    damaged = ingest_hour(scene.hour, scene.settings, scene.containers)
    named["right checksums"].arrange(scene)
    mended = ingest_hour(scene.hour, scene.settings, scene.containers)
    assert (damaged.verdict, mended.verdict) == ("damaged", "republished")
    assert (mended.lines_read, mended.damage) == (600, None)


@pytest.mark.parametrize("dropped_types", [frozenset(), IngestSettings().dropped_types])
def test_no_fewer_than_three_equal_tries_make_a_damage_the_archives(
    dropped_types: frozenset[str], scene: Scene
) -> None:
    {defect.name: defect for defect in DEFECTS}["a truncated gzip"].arrange(scene)
    twice = msgspec.structs.replace(scene.settings, attempts=2, dropped_types=dropped_types)
    for _ in ("once", "and once more, which counts again"):
        with pytest.raises(IngestError, match="truncated"):
            ingest_hour(scene.hour, twice, scene.containers)
    thrice = msgspec.structs.replace(twice, attempts=3)
    assert ingest_hour(scene.hour, thrice, scene.containers).verdict == "damaged"


def test_the_manual_and_the_fixtures_agree() -> None:
    told = re.findall(r"^\| ([^|`]+) \| `(\w+)` \|.*\|$", VERDICTS_MD.read_text(), re.MULTILINE)
    assert len(told) == len(dict(told))
    assert dict(told) == {defect.name: defect.result for defect in DEFECTS}
    assert set(dict(told).values()) >= VERDICTS
