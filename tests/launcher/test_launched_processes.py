"""Stopping a stack ends all of it, whatever its processes do to hide or to stay."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local.launcher import processes
from local.launcher.processes import ServiceError

HIDDEN = """
import os, signal, sys, time, setproctitle
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    setproctitle.setproctitle("somebody else")
    open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


def wait_for(file: Path) -> str:
    """Return a file's text as soon as there is some."""
    while not (file.exists() and file.read_text()):
        time.sleep(0.02)
    return file.read_text()


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Return a function that starts Python code as a service of this test's stack."""

    def run(code: str, *arguments: str) -> "subprocess.Popen[bytes]":
        return processes.start(
            [sys.executable, "-c", code, *arguments],
            os.environ,
            marker=str(tmp_path),
            log=tmp_path / "log",
        )

    return run


def test_a_process_is_seen_from_its_start(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """Or a launcher that is interrupted right then would leave it."""
    process = start("import time; time.sleep(60)")
    assert [found.pid for found in processes.running(str(tmp_path))] == [process.pid]
    processes.stop(str(tmp_path))
    assert process.poll() is not None


def test_grandchildren_that_hide_and_ignore_sigterm_end(
    tmp_path: Path,
    start: Callable[..., "subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Airflow's do: another session, another name, SIGTERM ignored."""
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.5)
    parent = start(HIDDEN, str(tmp_path / "pid"))
    grandchild = psutil.Process(int(wait_for(tmp_path / "pid")))
    # Its parent's death leaves it to init
    parent.kill()
    parent.wait()

    processes.stop(str(tmp_path))

    assert not grandchild.is_running()
    assert not processes.running(str(tmp_path))


def test_other_stacks_live_on(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """Two stacks on one machine don't stop each other."""
    process = start("import time; time.sleep(60)")
    processes.stop(str(tmp_path / "another"))
    assert process.poll() is None
    processes.stop(str(tmp_path))


def test_a_service_that_ends_at_once_shows_its_log(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """Rather than a wait for its answer."""
    process = start("import sys; sys.exit('no space left')")
    with pytest.raises(ServiceError, match=r"blob stopped with exit status 1(.|\n)*no space left"):
        processes.wait_until("blob", lambda: False, process, tmp_path / "log", seconds=20)


def test_ctrl_c_while_a_process_is_being_started(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """The interrupt comes through, but only when the new process can be found and ended."""

    def carries(process: psutil.Process, marker: str) -> bool:
        signal.raise_signal(signal.SIGINT)
        return real(process, marker)

    real = processes._carries
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "_carries", carries)
        with pytest.raises(KeyboardInterrupt):
            start("import time; time.sleep(60)")
    assert len(processes.running(str(tmp_path))) == 1
    processes.stop(str(tmp_path))
