"""The memory of all processes of a stack together, at its peak."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple

import psutil

from local.launcher import processes

LOOK_EVERY = 0.25
"""Seconds."""


class Look(NamedTuple):
    """Bytes by program, at a time of time.time()."""

    at: float
    by_program: Mapping[str, int]

    @property
    def total(self) -> int:
        """Bytes of all programs."""
        return sum(self.by_program.values())


class Memory:
    """Looks at a stack's processes again and again; pages that forks share count once (PSS)."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._looks: list[Look] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Memory:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def peak(self, until: float = float("inf")) -> Look:
        """Return the look with most bytes, of those until a time."""
        return max((look for look in self._looks if look.at <= until), key=lambda look: look.total)

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            by_program: Counter[str] = Counter()
            for process in processes.running(self._marker):
                try:
                    by_program[_program(process)] += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self._looks.append(Look(time.time(), by_program))


def _program(process: psutil.Process) -> str:
    """Name what a process runs: a module, or Azurite, or Airflow."""
    command = process.cmdline()
    if "-m" in command:
        return command[command.index("-m") + 1]
    for name in ("azurite", "airflow", "java"):
        if any(name in argument for argument in command):
            return name
    return process.name()
