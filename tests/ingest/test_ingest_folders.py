"""Folders in place of containers hold the same hours, whole or not at all; a dry run holds none."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from include.ingest import (
    ArchiveHour,
    Containers,
    IngestSettings,
    PermanentIngestError,
    TransientIngestError,
    ingest_hour,
)
from include.ingest.blob import GzipBlob, JsonBlob
from include.ingest.store import open_blob
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import apart_from_times, blobs, event, files, gz, ndjson, without_times
from tests.ingest.defects import BEFORE, FILE, GOOD, HALF, HOUR, OTHER, SOURCE

PROJECT = Path(__file__).parents[2]
BLOB = ArchiveHour.of(HOUR).events_name
RECORD = ArchiveHour.of(HOUR).outcome_name
EMPTY = gz(b"")


@pytest.mark.parametrize("dropped_types", [IngestSettings().dropped_types, frozenset()])
def test_folders_and_containers_hold_the_same(
    dropped_types: frozenset[str],
    sample: Callable[[str], bytes],
    archive: ArchiveServer,
    settings: IngestSettings,
    containers: AzureContainers,
    storage: Storage,
    prefix: str,
    folders: Containers[Path],
    tmp_path: Path,
) -> None:
    """A real hour, bad lines, an empty hour, one of before, and one that never was."""
    settings = msgspec.structs.replace(settings, dropped_types=dropped_types)
    archive.serve("2015-01-01-12.json.gz", Answer(sample("2015-01-01-12.json.gz")))
    archive.serve("2015-01-01-13.json.gz", Answer(gz(BEFORE + b"bad\n\xff\n")))
    archive.serve("2015-01-01-14.json.gz", Answer(SOURCE[:HALF]))
    archive.serve("2015-01-01-15.json.gz", Answer(b""))
    archive.serve("2015-01-01-16.json.gz", Answer(SOURCE), Answer(EMPTY))
    for hour in (12, 13, 14, 15, 16, 16, 17):
        found = []
        answers = {path: list(queue) for path, queue in archive.answers.items()}
        for stores in (containers, folders):
            archive.answers = {path: list(queue) for path, queue in answers.items()}
            found.append(ingest_hour(datetime(2015, 1, 1, hour), settings, stores))
        assert apart_from_times(found[0]) == apart_from_times(found[1])
    assert without_times(files(tmp_path)) == without_times(blobs(storage, prefix))


def test_an_unchanged_hour_is_not_downloaded_again_nor_a_missing_one_left(
    archive: ArchiveServer, settings: IngestSettings, folders: Containers[Path]
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    first = ingest_hour(HOUR, settings, folders)
    assert ingest_hour(HOUR, settings, folders) == first
    modified = datetime.fromtimestamp(int((folders.events / BLOB).stat().st_mtime), UTC)
    assert first.blob_last_modified == modified
    assert [request.status for request in archive.requests] == [200, 304]
    (folders.events / BLOB).write_bytes(b"something else")
    assert apart_from_times(ingest_hour(HOUR, settings, folders)) == apart_from_times(first)
    assert gzip.decompress((folders.events / BLOB).read_bytes()) == GOOD


@pytest.mark.parametrize(
    "answer",
    [
        Answer(SOURCE[:HALF], has_etag=False),
        Answer(SOURCE, sends=HALF),
        Answer(gz(BEFORE + b"bad\n" * 300)),
        Answer(status=403),
    ],
    ids=["damaged", "broken off", "unusable", "refused"],
)
def test_an_error_leaves_no_trace_but_the_quarantine(
    answer: Answer,
    archive: ArchiveServer,
    settings: IngestSettings,
    folders: Containers[Path],
    tmp_path: Path,
) -> None:
    archive.serve(FILE, answer)
    with pytest.raises((TransientIngestError, PermanentIngestError)):
        ingest_hour(HOUR, settings, folders)
    assert all(name.startswith("quarantine/2015") for name in files(tmp_path))
    assert not any("/." in name for name in files(tmp_path))


def test_readers_see_the_old_hour_until_the_new_one_is_whole(
    archive: ArchiveServer, settings: IngestSettings, folders: Containers[Path], tmp_path: Path
) -> None:
    archive.serve(FILE, Answer(gz(OTHER)))
    ingest_hour(HOUR, settings, folders)
    before = files(tmp_path)
    archive.serve(FILE, Answer(SOURCE, sends=HALF))
    with pytest.raises(TransientIngestError):
        ingest_hour(HOUR, settings, folders)
    assert files(tmp_path) == before


def test_a_slower_writer_never_overwrites_what_it_has_not_seen(folders: Containers[Path]) -> None:
    for content in (b"first", b"second"):
        slow, same, fast = (GzipBlob(folders.events, BLOB) for _ in range(3))
        slow.write(b"something else")
        same.write(content)
        fast.write(content)
        published = fast.publish()
        with pytest.raises(TransientIngestError, match="another writer was faster"):
            slow.publish()
        assert same.publish() == published
        assert gzip.decompress((folders.events / BLOB).read_bytes()) == content

        slow_record, fast_record = (JsonBlob(folders.outcomes, RECORD) for _ in range(2))
        fast_record.replace(content)
        with pytest.raises(TransientIngestError, match="another writer was faster"):
            slow_record.replace(b"stale")
        assert (folders.outcomes / RECORD).read_bytes() == content


def test_writers_side_by_side_end_with_one_hour_and_its_record(
    archive: ArchiveServer, settings: IngestSettings, folders: Containers[Path], tmp_path: Path
) -> None:
    """Many of them, half with other types, so that each meets others at every step."""
    archive.serve(FILE, Answer(gz(ndjson(*(event(n) for n in range(50)), event(99, "New")))))
    patient = msgspec.structs.replace(settings, attempts=40, retry_wait=0.005, suspicious_share=0)
    narrow = msgspec.structs.replace(patient, kept_types=frozenset({"New"}))
    failures: list[BaseException] = []

    def work(chosen: IngestSettings) -> None:
        try:
            for _ in range(6):
                ingest_hour(HOUR, chosen, folders)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(s,)) for s in (patient, narrow) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    stored = files(tmp_path)
    assert sorted(stored) == [f"events/{BLOB}", f"outcomes/{RECORD}"]
    record = json.loads(stored[f"outcomes/{RECORD}"])
    assert record["content_sha256"] == hashlib.sha256(stored[f"events/{BLOB}"]).hexdigest()


def test_what_a_killed_writer_leaves_is_hidden_and_the_next_one_removes_it(
    archive: ArchiveServer, settings: IngestSettings, folders: Containers[Path], tmp_path: Path
) -> None:
    large = GOOD * 60
    source = gzip.compress(large, 1, mtime=0)
    archive.serve(FILE, Answer(source, sends=len(source) - 9, then_stalls=True), Answer(source))
    command = [sys.executable, "-m", "include.ingest", "2015-01-01T12", "--to", str(tmp_path)]
    process = subprocess.Popen([*command, "--base-url", archive.base_url], cwd=PROJECT)
    try:
        assert archive.stalled.wait(30)
        while not (left := files(tmp_path)):
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert all(os.path.basename(name).startswith(".12.json.gz.") for name in left)
    assert {os.path.dirname(name) for name in left} == {"events/2015/01/01"}

    assert ingest_hour(HOUR, settings, folders).lines_read == 60 * 600
    assert sorted(files(tmp_path)) == [f"events/{BLOB}", f"outcomes/{RECORD}"]


def test_a_living_writers_file_is_not_taken_for_one_that_was_left(
    folders: Containers[Path],
) -> None:
    slow, fast = (GzipBlob(folders.events, BLOB) for _ in range(2))
    slow.write_compressed(SOURCE)
    slow.count(GOOD)
    fast.write(GOOD)
    fast.publish()
    with pytest.raises(TransientIngestError, match="another writer was faster"):
        slow.publish()


def test_a_file_just_begun_is_not_taken_for_one_that_was_left(
    folders: Containers[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer comes in the moment between a file's making and its lock."""
    slow, other = (open_blob(folders.events, BLOB) for _ in range(2))
    beside = threading.Thread(target=other.stage, args=(b"other",))
    lock = fcntl.flock

    def lock_late(file: Any, operation: int) -> None:
        is_a_files = not isinstance(file, int) and operation == fcntl.LOCK_EX
        if is_a_files and beside.ident is None:
            beside.start()
            beside.join(0.3)
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    slow.look()
    slow.stage(SOURCE)
    slow.commit("application/gzip", {"sha256": hashlib.sha256(SOURCE).hexdigest()})
    beside.join()
    assert (folders.events / BLOB).read_bytes() == SOURCE


def test_a_folder_that_cannot_be_written_is_permanent_and_says_where(
    archive: ArchiveServer, settings: IngestSettings, folders: Containers[Path]
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    for store in folders[:2]:
        store.write_text("not a folder")
        with pytest.raises(PermanentIngestError, match=rf"{store}.*check the folder"):
            ingest_hour(HOUR, settings, folders)
        store.unlink()


def test_a_folder_in_the_place_of_a_blob_is_permanent_and_says_where(
    archive: ArchiveServer, settings: IngestSettings, folders: Containers[Path]
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    (folders.events / BLOB).mkdir(parents=True)
    with pytest.raises(PermanentIngestError, match=r"12\.json\.gz.*check the folder"):
        ingest_hour(HOUR, settings, folders)


def test_a_dry_run_reports_what_a_run_would_and_writes_nothing(
    archive: ArchiveServer,
    settings: IngestSettings,
    folders: Containers[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = Containers.opened(lambda _: None)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for body in (SOURCE, gz(BEFORE + b"bad\n"), SOURCE[:HALF], b"", EMPTY):
        archive.serve(FILE, Answer(body))
        dry = ingest_hour(HOUR, settings, nowhere)
        assert files(tmp_path) == {}
        wet = ingest_hour(HOUR, settings, Containers.opened(tmp_path.joinpath, prefix=""))
        assert apart_from_times(dry) == apart_from_times(wet)
        for name in files(tmp_path):
            (tmp_path / name).unlink()
