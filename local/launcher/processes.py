"""Start processes and stop every one of them, however deep their own children are.

Each process carries a marker in its environment, which its children inherit: stopping means
ending all that carry it. What a killed launcher left behind, the next one ends so; the processes
don't end by themselves, since the system's way to that (PR_SET_PDEATHSIG) needs code between fork
and exec, and doesn't reach grandchildren.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

MARKER = "GHARCHIVE_STACK"
GRACE_SECONDS = 15
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServiceError(Exception):
    """A service doesn't do its work; the message tells what and where to look."""


def marked(environment: Mapping[str, str], marker: str) -> dict[str, str]:
    """Return the environment with the marker in it."""
    # Airflow's processes rename themselves; without SPT_NOENV that wipes what `ps` sees of this
    return {**environment, MARKER: marker, "SPT_NOENV": "1"}


def start(
    command: Sequence[str], environment: Mapping[str, str], *, marker: str, log: Path
) -> subprocess.Popen[bytes]:
    """Start a service in a session of its own; its output goes to `log`.

    What it writes is for this user's eyes only: databases, states and their journals hold secrets.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, _uninterrupted():
        process = subprocess.Popen(
            command,
            env=marked(environment, marker),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
        # For a moment a new process shows no environment at all
        while process.poll() is None and not _carries(psutil.Process(process.pid), marker):
            time.sleep(0.01)
    return process


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back what stops this process: between fork and marker no one would end the child."""
    held: list[int] = []
    handlers = {stop: signal.signal(stop, lambda number, _: held.append(number)) for stop in STOPS}
    try:
        yield
    finally:
        for stop, handler in handlers.items():
            signal.signal(stop, handler)
        if held:
            signal.raise_signal(held[0])


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
            raise ServiceError(f"{name} stopped with exit status {process.returncode}.{tail(log)}")
        if time.monotonic() > deadline:
            raise ServiceError(f"{name} wasn't ready after {seconds:.0f} seconds.{tail(log)}")
        time.sleep(0.2)


def listens(process: subprocess.Popen[bytes] | psutil.Process, port: int) -> bool:
    """Tell whether the process or a child of it is who listens on the port."""
    try:
        service = psutil.Process(process.pid)
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for part in (service, *service.children(recursive=True))
            for connection in part.net_connections("inet")
        )
    except psutil.Error:
        return False


def running(marker: str) -> list[psutil.Process]:
    """Return every process that carries the marker, except this one."""
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _carries(process, marker)
    ]


def _carries(process: psutil.Process, marker: str) -> bool:
    try:
        return bool(process.environ().get(MARKER) == marker)
    except psutil.Error:
        return False  # ended meanwhile, or another user's


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


def tail(log: Path, lines: int = 15) -> str:
    """Return a sentence that shows the end of a log."""
    text = log.read_text(errors="replace") if log.exists() else ""
    end = "\n  ".join(text.splitlines()[-lines:])
    return f" The end of {log}:\n  {end}"
