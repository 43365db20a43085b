"""What a job takes: time, CPU and memory of all its processes, from start to end."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

LOOK_EVERY = 0.02
"""Seconds; looking takes less than a hundredth of that."""


class Job(NamedTuple):
    """Commands piped into each other; what the last one prints goes into `output`."""

    commands: Sequence[Sequence[str]]
    output: Path | None = None
    environment: Mapping[str, str] = {}


class Usage(NamedTuple):
    """Seconds, and the sum of the most memory that each process had."""

    wall: float
    cpu: float
    peak_bytes: int
    peak_bytes_of_one: int


def run(job: Job, cores: Sequence[int]) -> Usage:
    """Run a job on these cores and nowhere else; RuntimeError if one of its commands fails."""
    with ExitStack() as stack:
        output = stack.enter_context((job.output or Path(os.devnull)).open("wb"))
        stack.enter_context(affinity(cores))
        began = time.perf_counter()
        processes = _piped(job, output.fileno())
        peaks = _Peaks([process.pid for process in processes])
        cpu = 0.0
        for process in processes:
            # Its rusage has also that of the children that it waited for
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu += used.ru_utime + used.ru_stime
        wall = time.perf_counter() - began
    of_each = peaks.taken()
    for process in processes:
        if process.returncode:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return Usage(wall, cpu, sum(of_each), max(of_each, default=0))


def _piped(job: Job, output: int) -> list[subprocess.Popen[bytes]]:
    processes: list[subprocess.Popen[bytes]] = []
    for number, command in enumerate(job.commands, 1):
        before = processes[-1].stdout if processes else None
        processes.append(
            subprocess.Popen(
                command,
                stdin=before or subprocess.DEVNULL,
                stdout=output if number == len(job.commands) else subprocess.PIPE,
                env={**os.environ, **job.environment},
            )
        )
        if before:
            before.close()
    return processes


@contextmanager
def affinity(cores: Sequence[int]) -> Iterator[None]:
    """Have the processes that this thread starts run on `cores`."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


class _Peaks:
    """Watches processes and their descendants until they have ended.

    The kernel's high-water mark is read again and again, since `ru_maxrss`, which comes with the
    end of a process, begins with the memory of the process that started it, and is no sum.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._peaks: dict[int, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def taken(self) -> list[int]:
        self._ended.set()
        self._thread.join()
        return list(self._peaks.values())

    def _watch(self) -> None:
        while True:
            for pid in self._pids:
                self._look(pid)
            if self._ended.wait(LOOK_EVERY):
                return

    def _look(self, pid: int) -> None:
        folder = Path("/proc", str(pid))
        # Processes end while they are looked at
        with suppress(OSError):
            if peak := high_water_bytes((folder / "status").read_text()):
                self._peaks[pid] = peak
            for thread in (folder / "task").iterdir():
                for child in (thread / "children").read_text().split():
                    self._look(int(child))


def high_water_bytes(status: str) -> int:
    """Read the most memory that a process had from its /proc/PID/status; 0 once it has ended."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)
    return int(found[1]) << 10 if found else 0
