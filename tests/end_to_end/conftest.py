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
from local.launcher import processes
from local.launcher.layout import Layout
from local.launcher.stack import Stack
from tests.archive_samples import SAMPLES
from tests.counted import Query

ROOT = Path(__file__).parents[2]
FIRST_HOUR = datetime(2015, 1, 1, 12)
TIMELINE_HOUR = datetime(2012, 6, 14, 15)

Command = Callable[..., "subprocess.CompletedProcess[str]"]
FirstRun = subprocess.CompletedProcess[str]


@pytest.fixture(scope="package")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SOURCE folder: two real hours, simulated days of one hour, and two bad hours."""
    folder = tmp_path_factory.mktemp("hours")
    for hour in (FIRST_HOUR, TIMELINE_HOUR):
        path = write_hour(folder, hour, events=5000)
        if (SAMPLES / path.name).exists():
            shutil.copy(SAMPLES / path.name, folder)
    for day in (5, 6, 7):
        write_hour(folder, datetime(2024, 3, day, 12))
    write_hour(folder, TIMELINE_HOUR.replace(hour=14))
    refused = write_hour(folder, TIMELINE_HOUR.replace(hour=16))
    refused.with_name(f"{refused.name}.status").write_text("503")
    damaged = write_hour(folder, TIMELINE_HOUR.replace(hour=17))
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
def environment(data: Path) -> dict[str, str]:
    """Return the environment of the commands behind the Makefile, on this stack."""
    return {
        **os.environ,
        "GHARCHIVE_LOCAL_DATA": str(data),
        # Spark's small jobs here end before better compiled code would pay
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
    }


@pytest.fixture(scope="package")
def local(environment: dict[str, str]) -> Command:
    """Return `python -m local …`, the commands behind the Makefile, on this stack."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def read_until(process: "subprocess.Popen[str]", text: str) -> None:
    """Read what a process prints until a line has `text` in it."""
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return
    assert process.stderr
    raise AssertionError("".join(seen) + process.stderr.read())


@pytest.fixture(scope="package")
def first_run(data: Path, hours: Path, environment: dict[str, str], local: Command) -> FirstRun:
    """`make run` on a stack of its own, after one that was killed in the middle of its day."""
    day = ["run", "--day", f"{FIRST_HOUR:%Y-%m-%d}", "--hours", "12", "--source", str(hours)]
    killed = subprocess.Popen(
        [sys.executable, "-u", "-m", "local", *day],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    read_until(killed, "plan ")
    killed.kill()
    killed.communicate()
    assert processes.running(str(data))

    done = local(*day)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not processes.running(str(data))
    return done


@pytest.fixture(scope="package")
def stack(data: Path, hours: Path, local: Command, first_run: FirstRun) -> Iterator[Stack]:
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
