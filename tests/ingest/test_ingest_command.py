"""`python -m include.ingest`: what somebody sees who ingests hours from a shell."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from include.ingest import DROPPED_TYPES, ArchiveHour, HourOutcome
from include.ingest.command import main
from tests.blob_storage import Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import blobs, event, files, gz, ndjson
from tests.ingest.defects import BEFORE, FILE, GOOD, HALF, HOUR, SOURCE

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
BLOB = ArchiveHour.of(HOUR).events_name
RECORD = ArchiveHour.of(HOUR).outcome_name
KINDS = ndjson(event(1), event(2, "WatchEvent"), event(3, "GollumEvent"), event(4, "NewEvent"))


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the command as a shell does, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "include.ingest", *arguments],
        cwd=PROJECT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run the command; return its exit status, its output and its errors."""
    process = start(*arguments, **environment)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def serve_hours(archive: ArchiveServer, hours: range, *answers: Answer) -> None:
    for hour in hours:
        archive.serve(f"2015-01-01-{hour}.json.gz", *answers)


# --- One hour ------------------------------------------------------------------------------------


def test_one_hour_into_a_folder(archive: ArchiveServer, tmp_path: Path) -> None:
    archive.serve(FILE, Answer(gz(KINDS)))
    status, output, errors = run(
        "2015-01-01T12", "--base-url", archive.base_url, "--to", str(tmp_path)
    )
    assert (status, errors) == (0, "")
    assert " ".join(output.split()) == (
        "2015-01-01T12 published 4 lines: 3 kept, 1 dropped, 0 quarantined; "
        f"{len((tmp_path / 'events' / BLOB).read_bytes())} bytes"
    )
    assert sorted(files(tmp_path)) == [f"events/{BLOB}", f"outcomes/{RECORD}"]


@pytest.mark.parametrize(
    ("types", "kept"),
    [
        ([], {"PushEvent", "WatchEvent", "NewEvent"}),
        (["--types", "all"], {"PushEvent", "WatchEvent", "GollumEvent", "NewEvent"}),
        (["--types", "WatchEvent,GollumEvent"], {"WatchEvent", "GollumEvent"}),
    ],
)
def test_types_say_what_is_kept_and_json_gives_the_record(
    types: list[str],
    kept: set[str],
    archive: ArchiveServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive.serve(FILE, Answer(gz(KINDS)))
    where = ["--base-url", archive.base_url, "--to", str(tmp_path)]
    assert main(["2015-01-01T12", *where, *types, "--json"]) == 0
    output = capsys.readouterr().out
    outcome = msgspec.json.decode(output, type=HourOutcome)
    assert set(outcome.kept) == kept
    assert json.loads(output) == json.loads(files(tmp_path)[f"outcomes/{RECORD}"])
    content = gzip.decompress(files(tmp_path)[f"events/{BLOB}"])
    assert {json.loads(line)["type"] for line in content.splitlines()} == kept


def test_a_dry_run_tells_the_same_and_writes_nothing(
    archive: ArchiveServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    archive.serve(FILE, Answer(gz(KINDS)))
    asked = ["2015-01-01T12", "--base-url", archive.base_url]
    assert main([*asked, "--dry-run"]) == 0
    dry = capsys.readouterr().out
    assert files(tmp_path) == {}
    assert main([*asked, "--to", "here"]) == 0
    assert capsys.readouterr().out == dry
    assert len(archive.requests) == 2


@pytest.mark.parametrize("name", ["2015-01-01-12.json.gz", "2012-06-14-15.json.gz"])
def test_a_real_hour_is_counted_as_anybody_would(
    name: str,
    sample: Callable[[str], bytes],
    archive: ArchiveServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive.serve(name, Answer(sample(name)))
    day, _, hour = name.removesuffix(".json.gz").rpartition("-")
    where = ["--base-url", archive.base_url, "--to", str(tmp_path)]
    assert main([f"{day}T{hour}", *where, "--json"]) == 0
    outcome = msgspec.json.decode(capsys.readouterr().out, type=HourOutcome)

    lines = gzip.decompress(sample(name)).splitlines(keepends=True)
    types = Counter(json.loads(line)["type"] for line in lines)
    assert outcome.lines_read == len(lines)
    assert outcome.kept == {kind: n for kind, n in types.items() if kind not in DROPPED_TYPES}
    assert outcome.dropped == {kind: n for kind, n in types.items() if kind in DROPPED_TYPES}
    blob = gzip.decompress((tmp_path / "events" / outcome.blob_name).read_bytes())
    assert blob == b"".join(line for line in lines if json.loads(line)["type"] not in DROPPED_TYPES)


# --- Containers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("begins", ["", "?"])
def test_an_hour_into_azure_with_a_sas_that_nobody_sees(
    begins: str, archive: ArchiveServer, storage: Storage, prefix: str
) -> None:
    archive.serve(FILE, Answer(gz(KINDS + b"bad\n")), Answer(gz(KINDS * 50 + b"bad\n")))
    sas = storage.sas()
    arguments = ["2015-01-01T12", "--base-url", archive.base_url]
    arguments += ["--to", f"{storage.url}/{prefix}-events"]
    status, output, errors = run(*arguments, GHARCHIVE_BLOB_SAS=begins + sas)
    assert (status, output) == (1, "")
    assert "1 of 5 lines" in errors
    status, output, errors = run(*arguments, GHARCHIVE_BLOB_SAS=begins + sas)
    assert (status, errors) == (0, "")
    assert "201 lines: 150 kept, 50 dropped, 1 quarantined" in output
    assert sorted(blobs(storage, prefix)) == [
        f"events/{BLOB}",
        f"outcomes/{RECORD}",
        f"quarantine/{ArchiveHour.of(HOUR).quarantine_name}",
    ]


@pytest.mark.parametrize(
    ("permission", "hours", "container"),
    [("r", 1, "events"), ("rwc", -1, "events"), ("rwc", 1, "absent")],
    ids=["read only", "expired", "no container"],
)
def test_a_refusal_by_azure_is_somebodys_to_mend_and_shows_no_sas(
    permission: str,
    hours: int,
    container: str,
    archive: ArchiveServer,
    storage: Storage,
    prefix: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive.serve(FILE, Answer(SOURCE))
    sas = storage.sas(permission, hours)
    monkeypatch.setenv("GHARCHIVE_BLOB_SAS", sas)
    where = f"{storage.url}/{prefix}-{container}"
    assert main(["2015-01-01T12", "--base-url", archive.base_url, "--to", where]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "2015-01-01T12 failed: Blob" in " ".join(shown.err.split())
    assert "renew the SAS" in shown.err or "create the container" in shown.err
    assert "sig=" not in shown.err


# --- Several hours -------------------------------------------------------------------------------


def test_a_range_of_hours_goes_through_two_processes(
    archive: ArchiveServer, tmp_path: Path
) -> None:
    for hour in range(22, 28):
        day, hour = 1 + hour // 24, hour % 24
        archive.serve(f"2015-01-{day:02}-{hour}.json.gz", Answer(gz(ndjson(event(hour)))))
    where = ["--base-url", archive.base_url, "--to", str(tmp_path)]
    status, output, errors = run("2015-01-01T22..2015-01-02T03", *where, "--json")
    assert (status, errors) == (0, "")
    outcomes = [msgspec.json.decode(line, type=HourOutcome) for line in output.splitlines()]
    names = [f"2015-01-01T{hour}" for hour in (22, 23)]
    names += [f"2015-01-02T0{hour}" for hour in range(4)]
    assert sorted(outcome.hour for outcome in outcomes) == names
    assert len(files(tmp_path)) == 12

    status, again, _ = run("2015-01-01T22..2015-01-02T03", *where, "--json")
    assert sorted(again.splitlines()) == sorted(output.splitlines())
    assert Counter(request.status for request in archive.requests) == {200: 6, 304: 6}


def test_an_hour_that_is_unusable_stops_no_other(archive: ArchiveServer, tmp_path: Path) -> None:
    serve_hours(archive, range(10, 16), Answer(gz(KINDS)))
    archive.serve("2015-01-01-10.json.gz", Answer(gz(BEFORE + b"bad\n" * 100)))
    status, output, errors = run(
        "2015-01-01T10..2015-01-01T15", "--base-url", archive.base_url, "--to", str(tmp_path)
    )
    assert status == 1
    assert sorted(line.partition(" ")[0] for line in output.splitlines()) == [
        f"2015-01-01T{hour}" for hour in range(11, 16)
    ]
    assert errors.count("  failed: ") == 1
    assert "2015-01-01T10  failed: " in errors
    assert "100 of 400 lines" in errors


def test_a_permanent_error_stops_the_rest(archive: ArchiveServer, tmp_path: Path) -> None:
    serve_hours(archive, range(24), Answer(status=403))
    status, output, errors = run(
        "2015-01-01T00..2015-01-01T23", "--base-url", archive.base_url, "--to", str(tmp_path)
    )
    assert (status, output) == (1, "")
    assert "check base_url and whether access is allowed" in errors
    assert "Traceback" not in errors
    assert len(archive.requests) <= 4


def test_hours_that_fail_for_now_stop_no_other_and_ask_for_another_time(
    archive: ArchiveServer, tmp_path: Path
) -> None:
    serve_hours(archive, range(4), Answer(gz(KINDS)))
    archive.serve("2015-01-01-1.json.gz", Answer(status=503))
    archive.serve("2015-01-01-2.json.gz", Answer(SOURCE[:HALF], has_etag=False))
    where = ["--base-url", archive.base_url, "--to", str(tmp_path)]
    status, output, errors = run("2015-01-01T00..2015-01-01T03", *where)
    assert status == os.EX_TEMPFAIL == 75
    assert len(output.splitlines()) == 2
    assert errors.count("  failed: ") == 2
    serve_hours(archive, range(4), Answer(gz(KINDS)))
    assert run("2015-01-01T00..2015-01-01T03", *where)[0] == 0


def test_an_unreachable_archive_asks_for_another_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--base-url", "http://127.0.0.1:1", "--to", str(tmp_path)]
    assert main(["2015-01-01T12", *where]) == 75
    assert "could not be reached" in capsys.readouterr().err
    assert files(tmp_path) == {}


# --- Mistakes and interruptions ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required"),
        (["2015-01-01T12"], "--to --dry-run is required"),
        (["2015-01-01T12", "--to", "x", "--dry-run"], "not allowed with"),
        (["2015-01-01", "--dry-run"], "write an hour as 2015-01-01T12"),
        (["2015-01-01T24", "--dry-run"], "write an hour as 2015-01-01T12"),
        (["2015-01-01T12:30", "--dry-run"], "write an hour as 2015-01-01T12"),
        (["2015-01-01T12..now", "--dry-run"], "a range as 2015-01-01T00..2015-01-02T23"),
        (["2015-01-02T00..2015-01-01T00", "--dry-run"], "ends before it begins"),
        (["2015-01-01T12", "--dry-run", "--types", "Push,WatchEvent"], "Push: types end in Event"),
        (["2015-01-01T12", "--dry-run", "--types", ""], "types end in Event"),
        (["2015-01-01T12", "--dry-run", "--quick"], "unrecognized arguments: --quick"),
    ],
)
def test_a_wrong_argument_is_named(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert says in " ".join(capsys.readouterr().err.split())


def test_help_tells_where_the_secret_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "GHARCHIVE_BLOB_SAS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hours", "others"), [("2015-01-01T12", 0), ("2015-01-01T10..2015-01-01T15", 5)]
)
def test_ctrl_c_ends_it_at_once_and_leaves_whole_hours(
    hours: str, others: int, archive: ArchiveServer, tmp_path: Path
) -> None:
    """One worker waits for the archive then, and the other one for work."""
    serve_hours(archive, range(10, 16), Answer(SOURCE))
    archive.serve(FILE, Answer(SOURCE, sends=HALF, then_stalls=True))
    process = start(hours, "--base-url", archive.base_url, "--to", str(tmp_path))
    assert archive.stalled.wait(30)
    while len([*tmp_path.glob("outcomes/*/*/*/*.json")]) < others:
        assert process.poll() is None
        time.sleep(0.01)
    # A terminal sends it to the whole group
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors.rstrip().endswith("Hours without a line above are as they were before.")
    assert "Traceback" not in errors
    stored = files(tmp_path)
    assert not any("12.json" in name for name in stored)
    assert len(stored) == 2 * others
    for line in output.splitlines():
        hour = line[11:13]
        assert gzip.decompress(stored[f"events/2015/01/01/{hour}.json.gz"]) == GOOD


def test_ctrl_c_while_it_starts_is_no_failure(archive: ArchiveServer, tmp_path: Path) -> None:
    serve_hours(archive, range(10, 16), Answer(SOURCE))
    where = ["--base-url", archive.base_url, "--to", str(tmp_path)]
    process = start("2015-01-01T10..2015-01-01T15", *where)
    while not archive.requests:
        assert process.poll() is None
        time.sleep(0.001)
    # The first worker has begun, the second one may not be there yet
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in errors
    for name, data in files(tmp_path).items():
        assert "/." not in name
        assert not name.endswith(".gz") or gzip.decompress(data) == GOOD


def test_a_sas_in_the_arguments_is_refused_and_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["2015-01-01T12", "--to", "https://a.blob.core.windows.net/b-events?sig=SECRET"])
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert "a SAS goes into GHARCHIVE_BLOB_SAS" in errors
    assert "SECRET" not in errors
