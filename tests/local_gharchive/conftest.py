"""A running host, as users start it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Host:
    """Where the host answers and what it serves."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_host(folder: Path, cache: Path) -> Iterator[Host]:
    """Start `python -m local.gharchive`, wait until it is healthy, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "local.gharchive", "--port", str(port)]
    command += ["--cache", str(cache), "--folder", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url, process)
        yield Host(url, folder, process)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Share one host among the tests of a file."""
    folder, cache = tmp_path_factory.mktemp("folder"), tmp_path_factory.mktemp("cache")
    with running_host(folder, cache) as host:
        yield host


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=1).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError(f"The host at {url} did not become healthy")
