"""Measure the line-up: everybody in turn, again and again, so that all get the same weather."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.ingest.hours import Hour
from bench.ingest.lineup import Contender, Task
from bench.ingest.usage import Usage, high_water_bytes, run
from include.ingest import Containers
from tests.blob_storage import Storage, running_azurite

ROUNDS = 5
ROUNDS_IF_SLOW = 2
SLOW_SECONDS = 60
CORES = sorted(os.sched_getaffinity(0))[:2]


@dataclass
class Row:
    """A contender's runs on an hour of one size; the best counts, but the worst of memory."""

    contender: Contender
    hour: Hour
    folder: str
    runs: list[Usage] = field(default_factory=list)
    out_bytes: int = 0

    @property
    def cores(self) -> list[int]:
        """The cores that it may use: of the last ones, as the first has most interrupts."""
        return CORES[-self.contender.cores :]

    @property
    def is_done(self) -> bool:
        """Whether it has had its rounds."""
        is_slow = bool(self.runs) and self.wall > SLOW_SECONDS
        return len(self.runs) >= (ROUNDS_IF_SLOW if is_slow else ROUNDS)

    @property
    def wall(self) -> float:
        """Seconds from start to end."""
        return min(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Seconds of CPU, the system's included."""
        return min(run.cpu for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """Memory of all its processes."""
        return max(run.peak_bytes for run in self.runs)

    @property
    def peak_bytes_of_one(self) -> int:
        """Memory of its largest process."""
        return max(run.peak_bytes_of_one for run in self.runs)


def measure(rows: Sequence[Row], folder: Path) -> None:
    """Run those that the machine can run; their hours lie in `folder`."""
    with serving(folder) as address:
        for number in range(ROUNDS):
            for row in rows:
                if row.is_done or row.contender.is_missing:
                    continue
                _run(row, folder, address)
                used = row.runs[-1]
                print(
                    f"round {number + 1}  {row.folder}  {row.contender.title}, "
                    f"cores {row.cores}: {used.wall:.2f} s, {used.cpu:.2f} s CPU",
                    file=sys.stderr,
                    flush=True,
                )


def _run(row: Row, folder: Path, address: str) -> None:
    with ExitStack() as stack:
        scratch = stack.enter_context(TemporaryDirectory(dir=folder))
        out = Path(scratch, "out")
        out.mkdir()
        storage = None
        if row.contender.needs_storage:
            storage = stack.enter_context(_storage(Path(scratch, "azurite")))
        task = Task(folder / row.folder, f"{address}/{row.folder}", out, storage)
        # Or it would wait for what others have written
        os.sync()
        row.runs.append(run(row.contender.job(task), row.cores))
        row.out_bytes = sum(path.stat().st_size for path in out.rglob("*.gz"))


@contextmanager
def _storage(folder: Path) -> Iterator[Storage]:
    """Run an Azurite with empty containers for the hour."""
    with running_azurite(folder) as storage:
        for role in Containers._fields:
            storage.owner.create_container(f"bench-{role}")
        yield storage


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the hours in `folder` as the archive does, from another process; yield its address."""
    command = [sys.executable, "-m", "bench.ingest.archive", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def bytes_after_import(*modules: str) -> int:
    """Return what Python needs with these modules, before they do anything."""
    script = f"import {', '.join(modules)}; print(open('/proc/self/status').read())"
    command = [sys.executable, "-c", script]
    return high_water_bytes(subprocess.run(command, capture_output=True, text=True).stdout)
