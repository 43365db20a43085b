"""The package as the Functions host has it: its own Python packages, its folder, real blobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from include.ingest import ArchiveHour, Containers
from local.function_package import build
from local.setup.paths import BIN, CACHE
from tests.blob_storage import ACCOUNT, Storage
from tests.functions.conftest import file_of, small_hour, statuses
from tests.ingest.archive_server import Answer, ArchiveServer

pytestmark = pytest.mark.slow

DRIVER = (Path(__file__).parent / "driver.py").read_text()
ROLES = [f"gharchive-{role}" for role in Containers._fields]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "function"
    build(folder)
    return folder


@pytest.fixture(scope="session")
def python(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a virtual environment made from the package alone."""
    folder = tmp_path_factory.mktemp("environment")
    environment = {**os.environ, "UV_CACHE_DIR": str(CACHE / "uv")}
    if mirror := os.environ.get("PIP_INDEX_URL"):
        environment["UV_DEFAULT_INDEX"] = mirror
    python = folder / "bin" / "python"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", str(python), "-r", "requirements.txt"],
    ):
        subprocess.run([str(BIN / "uv"), *command], cwd=package, env=environment, check=True)
    return python


@pytest.fixture
def run(package: Path, python: Path, archive: ArchiveServer, connection: str) -> Run:
    """Return a function that has the driver do something, with a window of three hours."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "GHARCHIVE_BASE_URL": archive.base_url,
            "GHARCHIVE_CATCH_UP_HOURS": "3",
            "BLOB_CONNECTION_STRING": connection,
        }
        return subprocess.run(
            [str(python), "-", *arguments],
            input=DRIVER,
            cwd=package,
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def connection(storage: Storage) -> Iterator[str]:
    """Create the three containers; return a connection string with a SAS to write there."""
    for role in ROLES:
        storage.owner.create_container(role)
    yield f"BlobEndpoint={storage.url};SharedAccessSignature={storage.sas()}"
    for role in ROLES:
        storage.owner.delete_container(role)


@pytest.fixture
def look(storage: Storage) -> Callable[[], dict[str, datetime]]:
    """Return a function that lists all blobs and when each was written."""
    return lambda: {
        f"{role}/{blob.name}": blob.last_modified
        for role in ROLES
        for blob in storage.owner.get_container_client(role).list_blobs()
    }


Look = Callable[[], "dict[str, datetime]"]


def blobs_of(*hours: ArchiveHour) -> set[str]:
    """Return the blobs that there are of these hours."""
    return {f"gharchive-events/{hour.events_name}" for hour in hours} | {
        f"gharchive-outcomes/{hour.outcome_name}" for hour in hours
    }


def passed(tick: subprocess.CompletedProcess[str]) -> str:
    """Return the log of a tick that has not failed; it holds no requests and no secrets."""
    assert tick.returncode == 0, tick.stderr
    assert "sig=" not in tick.stderr
    assert "Request" not in tick.stderr
    return tick.stderr


@pytest.mark.parametrize(
    ("settings", "schedule"),
    [({}, "0 30 2 * * *"), ({"INGEST_SCHEDULE": "0 10 * * * *"}, "%INGEST_SCHEDULE%")],
)
def test_the_app_registers_one_timer_and_needs_none_of_the_platform(
    run: Run, settings: dict[str, str], schedule: str
) -> None:
    said = json.loads(run(**settings).stdout)
    [binding] = said["bindings"]
    assert said["name"] == "ingest"
    assert binding["type"] == "timerTrigger"
    assert binding["schedule"] == schedule
    assert binding["name"] == "timer"
    assert said["in_reach"] == []


def test_a_tick_uploads_the_hours_and_a_second_does_nothing(
    run: Run, look: Look, archive: ArchiveServer, hours: list[ArchiveHour]
) -> None:
    for hour in hours:
        archive.serve(file_of(hour), small_hour(hour))
    log = passed(run("tick"))
    before = look()
    assert set(before) == blobs_of(*hours)
    assert log.count("published, 1 kept, 1 dropped, 0 quarantined") == 3

    statuses(archive)
    passed(run("tick"))
    assert statuses(archive) == [304, 304, 304]
    assert look() == before


def test_a_missed_hour_is_caught_up(
    run: Run, look: Look, archive: ArchiveServer, hours: list[ArchiveHour]
) -> None:
    failing, fine, early = hours
    archive.serve(file_of(failing), *[Answer(status=503)] * 3, small_hour(failing))
    archive.serve(file_of(fine), small_hour(fine))
    archive.serve(file_of(early), Answer(status=404), small_hour(early))
    tick = run("tick")
    assert tick.returncode == 1
    assert "CatchUpError: 1 of 3 hours failed:" in tick.stderr
    assert f"{failing}: {archive.base_url}/{file_of(failing)} answered 503" in tick.stderr
    assert f"{early}: not published yet, left to the next tick" in tick.stderr
    assert set(look()) == blobs_of(fine)

    passed(run("tick"))
    assert set(look()) == blobs_of(*hours)


def test_a_late_tick_is_harmless(
    run: Run, look: Look, archive: ArchiveServer, hours: list[ArchiveHour]
) -> None:
    for hour in hours:
        archive.serve(file_of(hour), small_hour(hour))
    passed(run("late"))
    before = look()
    assert set(before) == blobs_of(*hours)
    assert "This tick is late" in passed(run("late"))
    passed(run("tick"))
    assert look() == before


def test_what_a_person_has_to_mend_stops_the_tick_and_shows_no_secret(
    run: Run, storage: Storage, archive: ArchiveServer, hours: list[ArchiveHour]
) -> None:
    account = f"BlobEndpoint={storage.url};AccountName={ACCOUNT};AccountKey="
    expired, other_key = storage.sas(hours=-1), "b3RoZXI="
    for connection, secret in (
        (f"BlobEndpoint={storage.url};SharedAccessSignature={expired}", expired),
        (f"{account}{other_key}", other_key),
    ):
        tick = run("tick", BLOB_CONNECTION_STRING=connection)
        assert tick.returncode == 1
        assert f"{hours[0]}, after which no other was tried: Blob gharchive-" in tick.stderr
        assert "403" in tick.stderr
        assert secret not in tick.stderr + tick.stdout
        assert secret.rpartition("sig=")[2] not in tick.stderr + tick.stdout
    assert statuses(archive) == []


def test_a_missing_container_stops_the_tick(
    run: Run, storage: Storage, hours: list[ArchiveHour]
) -> None:
    storage.owner.delete_container("gharchive-outcomes")
    try:
        tick = run("tick")
    finally:
        storage.owner.create_container("gharchive-outcomes")
    assert tick.returncode == 1
    assert f"{hours[0]}, after which no other was tried" in tick.stderr
    assert "create the container" in tick.stderr


def test_a_missing_setting_is_named(run: Run) -> None:
    tick = run("tick", BLOB_CONNECTION_STRING="")
    assert tick.returncode == 1
    assert "AppSettingsError: Neither BLOB_CONNECTION_STRING nor GHARCHIVE_BLOB_URL" in tick.stderr
