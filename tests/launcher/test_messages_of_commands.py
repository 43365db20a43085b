"""Whatever is wrong with a command is told once, before anything is started for it."""

import fcntl
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local import __main__ as commands
from local.launcher import processes, source
from local.setup import paths

Told = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder of a stack that has never run."""
    folder = tmp_path / "data"
    monkeypatch.setenv("GHARCHIVE_LOCAL_DATA", str(folder))
    return folder


@pytest.fixture
def hours(tmp_path: Path) -> str:
    """Return a SOURCE folder with one hour in it."""
    folder = tmp_path / "hours"
    folder.mkdir()
    (folder / "2015-01-01-12.json.gz").touch()
    return str(folder)


@pytest.fixture
def told(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Return a function that has a command fail and returns its message."""

    def fail(*arguments: str) -> str:
        # The handlers are this test run's
        monkeypatch.setattr("signal.signal", lambda *_: None)
        monkeypatch.setattr("sys.argv", ["local", *arguments])
        assert commands.main() == 1
        message = capsys.readouterr().err
        assert message.startswith(f"{arguments[0]}: ")
        assert "Traceback" not in message
        assert not processes.running(str(data))
        return message

    return fail


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--day", "yesterday"], "'yesterday' is no date: write it as YYYY-MM-DD"),
        (["run", "--day", "2015-02-29"], "is no date"),
        (["run", "--day", "2010-12-31"], "outside the archive: it begins on 2011-02-12"),
        (["run", "--day", "2999-01-01"], "outside the archive"),
        (["run", "--hours", "24"], "give hours from 0 to 23"),
        (["run", "--hours", "17-14"], "give hours from 0 to 23"),
        (["backfill"], "FROM=2015-01-01 TO=2015-01-03"),
        (["backfill", "--from", "2015-01-01"], "FROM=2015-01-01 TO=2015-01-03"),
        (["backfill", "--from", "2015-01-03", "--to", "2015-01-01"], "FROM=2015-01-03 is after"),
        (["run", "--source", "/nowhere"], "SOURCE=/nowhere: there is no such folder"),
        (["up", "--source", "/nowhere"], "SOURCE=/nowhere: there is no such folder"),
        (["run", "--port", "http"], "PORT=http is no port"),
        (["up", "--port", "65536"], "PORT=65536 is no port"),
    ],
)
def test_what_the_user_gave(told: Told, arguments: list[str], expected: str) -> None:
    """A wrong DAY, HOURS, FROM, TO, SOURCE or PORT."""
    assert expected in told(*arguments)


def test_a_day_that_is_not_over_is_not_backfilled(told: Told) -> None:
    """Airflow would leave it out and say nothing."""
    today = datetime.now(UTC).date().isoformat()
    assert f"TO={today} isn't over" in told("backfill", "--from", "2015-01-01", "--to", today)


def test_an_empty_source(told: Told, tmp_path: Path) -> None:
    """A folder with other files than hours is as good as empty."""
    (tmp_path / "2015-01-01-09.json.gz").touch()
    message = told("run", "--source", str(tmp_path))
    assert f"SOURCE={tmp_path}: no file there is named like an hour" in message


def test_a_source_without_the_day(told: Told, hours: str) -> None:
    """All of its hours would count as never published."""
    message = told("run", "--day", "2015-01-02", "--source", hours)
    assert f"SOURCE={hours}: none of the run's hours is there (2015-01-02-0.json.gz" in message


def test_a_port_in_use(told: Told, hours: str) -> None:
    """The port that the user names isn't replaced by another one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        message = told("run", "--hours", "12", "--source", hours, "--port", port)
    assert f"PORT={port} can't be used (address already in use)" in message


@pytest.mark.parametrize("missing", ["CA_BUNDLE", "JAVA_HOME", "DBT_MANIFEST"])
def test_set_up_that_is_not_complete(
    told: Told, hours: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """A file was deleted, or the machine's Java has gone and left a dangling link."""
    link = tmp_path / "gone"
    link.symlink_to("/nowhere")
    monkeypatch.setattr(paths, missing, link)
    message = told("run", "--hours", "12", "--source", hours)
    assert f"{link}" in message
    assert "Run `make`" in message


def test_a_full_disk(told: Told, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No disk has this much left."""
    monkeypatch.setattr(commands, "START_BYTES", 2**60)
    assert f"the disk of {data} is full" in told("up")


def test_another_command_at_work(told: Told, data: Path, hours: str) -> None:
    """It would stop the other one's stack."""
    data.mkdir()
    with (data / "lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        message = told("run", "--hours", "12", "--source", hours)
    assert f"at work in {data} (process 4711)" in message


def test_no_network_means_simulated_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The description is printed with every run and its result."""
    monkeypatch.setattr(source, "ARCHIVE_URL", "http://127.0.0.1:9")
    chosen = source.choose_source(None)
    assert chosen.url is None
    assert chosen.description.startswith("SIMULATED hours: http://127.0.0.1:9 can't be reached")
