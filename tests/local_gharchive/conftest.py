"""A running host, as users start it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from snowflake_stand_in.testing.server import start_server


@dataclass(frozen=True)
class Host:
    """Where the host answers and what it serves."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_host(folder: Path, cache: Path) -> Iterator[Host]:
    """Start `python -m local.gharchive`, wait until it listens, and end it."""
    command = [sys.executable, "-m", "local.gharchive", "--port", "0"]
    command += ["--cache", str(cache), "--folder", str(folder)]
    process, port = start_server(command, cache / "log")
    try:
        yield Host(f"http://127.0.0.1:{port}", folder, process)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Share one host among the tests of a file."""
    folder, cache = tmp_path_factory.mktemp("folder"), tmp_path_factory.mktemp("cache")
    with running_host(folder, cache) as host:
        yield host
