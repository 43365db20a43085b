"""One whole local stack for all of these tests: stand-ins and Airflow's own processes."""

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local.gharchive.simulator import SEED, simulate
from local.launcher.layout import Layout
from local.launcher.stack import Stack
from tests.archive_samples import SAMPLES

ROOT = Path(__file__).parents[2]
REAL_HOURS = ("2015-01-01-12.json.gz", "2012-06-14-15.json.gz")

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="package")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SOURCE folder: real hours, simulated days of one hour, and two bad hours."""
    folder = tmp_path_factory.mktemp("hours")
    for name in REAL_HOURS:
        if (SAMPLES / name).exists():
            shutil.copy(SAMPLES / name, folder)
    for day in (5, 6, 7):
        write_hour(folder, datetime(2024, 3, day, 12))
    refused = write_hour(folder, datetime(2024, 3, 5, 13))
    refused.with_name(f"{refused.name}.status").write_text("503")
    damaged = write_hour(folder, datetime(2024, 3, 5, 14))
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    return folder


def write_hour(folder: Path, hour: datetime, events: int = 1500, seed: int = SEED) -> Path:
    """Write one simulated hour, or another version of it, into a SOURCE folder."""
    path = folder / f"{hour:%Y-%m-%d}-{hour.hour}.json.gz"
    content = b"".join(simulate(hour, seed=seed, events_per_hour=events))
    path.write_bytes(gzip.compress(content, mtime=0))
    return path


@pytest.fixture(scope="package")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that is this stack's state and identity."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="package")
def local(data: Path) -> Command:
    """Return `python -m local …`, the commands behind the Makefile, on this stack."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "GHARCHIVE_LOCAL_DATA": str(data),
                # Spark's small jobs here end before better compiled code would pay
                "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="package")
def stack(data: Path, hours: Path, local: Command) -> Iterator[Stack]:
    """Start the stack as `make up SOURCE=…` does, and stop it as `make down` does."""
    started = local("up", "--source", str(hours))
    assert started.returncode == 0, started.stdout + started.stderr
    stack = Stack(Layout(data))
    yield stack
    assert local("down").returncode == 0
    assert not stack.is_up(), "make down left processes behind"


@pytest.fixture(scope="package")
def query(stack: Stack) -> Iterator[Query]:
    """Return a function that asks the local Snowflake."""
    with stack.connect_snowflake() as connection, connection.cursor() as cursor:

        def ask(sql: str, *binds: object) -> list[tuple[Any, ...]]:
            cursor.execute(sql, binds)
            return list(cursor.fetchall())

        yield ask
