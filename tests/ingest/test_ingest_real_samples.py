"""Every change of shape since 2014, in real events; the counts are DuckDB's, not ours."""

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from include.ingest import DROPPED_TYPES, Containers, HourOutcome, IngestSettings, ingest_hour
from tests.archive_samples import sample
from tests.ingest.archive_server import Answer, ArchiveServer

pytestmark = pytest.mark.slow


def by_hour(lines: Sequence[bytes]) -> Mapping[datetime, list[bytes]]:
    """Share lines out to the UTC hours of their `created_at`."""
    hours = defaultdict(list)
    for line in lines:
        at = datetime.fromisoformat(json.loads(line)["created_at"]).astimezone(UTC)
        hours[at.replace(minute=0, second=0, microsecond=0)].append(line)
    return hours


def ingested(lines: Sequence[bytes], folder: Path) -> list[HourOutcome]:
    """Publish lines as an archive of hours and ingest all of these into a folder."""
    hours = by_hour(lines)
    containers = Containers.opened(folder.joinpath, prefix="")
    with ArchiveServer() as archive:
        for hour, content in hours.items():
            name = f"{hour:%Y-%m-%d}-{hour.hour}.json.gz"
            archive.serve(name, Answer(gzip.compress(b"\n".join(content) + b"\n")))
        # An archive of two events an hour has no usual size
        settings = IngestSettings(base_url=archive.base_url, suspicious_share=0)
        return [ingest_hour(hour, settings, containers) for hour in hours]


def types(files: str) -> dict[str, int]:
    """Count events by type with another program."""
    query = (
        "select json->>'type', count(*) from read_ndjson_objects(?, "
        "maximum_object_size=100000000) group by 1"
    )
    return dict(duckdb.execute(query, [files]).fetchall())


def test_two_events_of_each_of_652_hours_from_2014_to_2021(tmp_path: Path) -> None:
    file = sample("sample-2014-2021.json.gz")
    lines = gzip.decompress(file.read_bytes()).splitlines()

    outcomes = ingested(lines, tmp_path)

    expected = types(str(file))
    assert len(outcomes) == 652
    assert sum(outcome.lines_read for outcome in outcomes) == 1304 == sum(expected.values())
    assert not any(outcome.quarantined for outcome in outcomes)
    assert {outcome.verdict for outcome in outcomes} <= {"published", "empty"}
    kept = {kind: count for kind, count in expected.items() if kind not in DROPPED_TYPES}
    assert types(f"{tmp_path}/events/**/*.json.gz") == kept
    eras = {(o.era, o.hour < "2015") for o in outcomes if o.era is not None}
    assert eras == {("timeline", True), ("events", False)}


def test_the_shapes_of_2026(tmp_path: Path) -> None:
    """As published by an author who left out actors, which the archive has."""
    shapes = sample("shapes-2026-08-08.json").read_bytes().splitlines()
    whole = [
        json.dumps({**json.loads(line), "actor": {"id": 1, "login": "octocat"}}).encode()
        for line in shapes
    ]

    outcomes = ingested(whole, tmp_path)

    assert sum(sum(outcome.kept.values()) for outcome in outcomes) == 7
    assert {outcome.era for outcome in outcomes} == {"trimmed", None}
    assert types(f"{tmp_path}/events/**/*.json.gz") == types(str(sample("shapes-2026-08-08.json")))
