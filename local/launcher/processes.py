"""Start processes and stop every one of them, however deep their own children are.

Each process carries a marker in its environment, which its children inherit: stopping means
ending all that carry it, so that nothing is left even after a launcher was killed.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

MARKER = "GHARCHIVE_STACK"
GRACE_SECONDS = 15


class ServiceError(Exception):
    """A service didn't become ready."""


def marked(environment: Mapping[str, str], marker: str) -> dict[str, str]:
    """Return the environment with the marker in it."""
    # Airflow's processes rename themselves; without SPT_NOENV that wipes what `ps` sees of this
    return {**environment, MARKER: marker, "SPT_NOENV": "1"}


def start(
    command: Sequence[str], environment: Mapping[str, str], *, marker: str, log: Path
) -> subprocess.Popen[bytes]:
    """Start a service in a session of its own; its output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=marked(environment, marker),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until(
    name: str,
    is_ready: Callable[[], bool],
    process: subprocess.Popen[bytes],
    log: Path,
    seconds: float,
) -> None:
    """Wait until a service is ready; raise ServiceError with the end of its log if it doesn't."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if process.poll() is not None:
            raise ServiceError(f"{name} stopped with exit status {process.returncode}.{_tail(log)}")
        if time.monotonic() > deadline:
            raise ServiceError(f"{name} wasn't ready after {seconds:.0f} seconds.{_tail(log)}")
        time.sleep(0.2)


def running(marker: str) -> list[psutil.Process]:
    """Return every process that carries the marker, but for this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARKER) == marker:
                found.append(process)
        except psutil.Error:
            continue  # ended meanwhile, or another user's
    return found


def stop(marker: str) -> None:
    """End every process that carries the marker: first by SIGTERM, then by SIGKILL."""
    processes = running(marker)
    for process in processes:
        _signal(process, signal.SIGTERM)
    psutil.wait_procs(processes, timeout=GRACE_SECONDS)
    while left := running(marker):
        for process in left:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=5)


def memory_bytes(marker: str) -> int:
    """Return the memory of all processes that carry the marker, in bytes.

    On Linux, pages that forks share are counted once (PSS).
    """
    total = 0
    for process in running(marker):
        try:
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
        except psutil.Error:
            continue
    return total


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _tail(log: Path, lines: int = 15) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    end = "\n  ".join(text.splitlines()[-lines:])
    return f" The end of {log}:\n  {end}"
