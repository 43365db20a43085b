"""Who is measured: ingest in several circumstances, its floor, and its peers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.ingest.usage import Job
from include.ingest.command import SAS_VARIABLE
from tests.blob_storage import Storage

HOUR, NEXT_HOUR = "2024-03-05T14", "2024-03-05T15"
FILES = ("2024-03-05-14.json.gz", "2024-03-05-15.json.gz")
JQ_FILTER = 'select(.type | IN("GollumEvent", "MemberEvent", "GistEvent", "DownloadEvent") | not)'


class Task(NamedTuple):
    """An hour, where it can be had, and an empty folder for what becomes of it."""

    hours: Path
    base_url: str
    out: Path
    storage: Storage | None = None

    @property
    def source(self) -> str:
        """The hour's file."""
        return str(self.hours / FILES[0])

    @property
    def target(self) -> Path:
        """Where those write that aren't ingest."""
        return self.out / "kept.json.gz"


class Contender(NamedTuple):
    """A row of the table."""

    title: str
    job: Callable[[Task], Job]
    cores: int = 2
    hours: int = 1
    needs: str | None = None
    """A program that the machine may lack."""
    needs_storage: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether the machine lacks what it takes."""
        return self.needs is not None and shutil.which(self.needs) is None


def _ingest(*arguments: str) -> Callable[[Task], Job]:
    return lambda task: _ingest_to(task, str(task.out), *arguments)


def _ingest_to(task: Task, to: str, *arguments: str) -> Job:
    command = [sys.executable, "-m", "include.ingest", *arguments]
    return Job([[*command, "--base-url", task.base_url, "--to", to]])


def _ingest_to_azurite(task: Task) -> Job:
    assert task.storage
    job = _ingest_to(task, f"{task.storage.url}/bench-events", HOUR)
    return job._replace(environment={SAS_VARIABLE: task.storage.sas()})


def _script(name: str, *arguments: str) -> Callable[[Task], Job]:
    command = [sys.executable, "-m", f"bench.ingest.contenders.{name}"]
    return lambda task: Job([[*command, task.source, str(task.target), *arguments]])


def _jq(task: Task) -> Job:
    commands = [["zcat", task.source], ["jq", "-c", JQ_FILTER], ["gzip", "-c"]]
    return Job(commands, output=task.target)


FLOOR = Contender("(a) the floor", _script("floor"))
FLOOR_ON_ONE = FLOOR._replace(cores=1)
INGEST = Contender("ingest", _ingest(HOUR))
INGEST_ON_ONE = INGEST._replace(cores=1)
IMPORTS = Contender(
    "ingest's start: Python, imports",
    lambda _: Job([[sys.executable, "-c", "import include.ingest.command"]]),
)
INGEST_TWO = Contender(
    "ingest, two hours at once; ÷ for one", _ingest(f"{HOUR}..{NEXT_HOUR}"), hours=2
)
INGEST_ALL = Contender("ingest, `--types all`", _ingest(HOUR, "--types", "all"))
INGEST_AZURITE = Contender("ingest, into Azurite", _ingest_to_azurite, needs_storage=True)
JQ = Contender("(b) `zcat \\| jq -c \\| gzip`", _jq, needs="jq")
GZIP_JSON = Contender("(c) gzip + json", _script("gzip_json"))
DUCKDB = Contender("(d) DuckDB", _script("with_duckdb"))
POLARS = Contender("(e) polars", _script("with_polars"))
POLARS_FAST = Contender("(e) polars, level 2", _script("with_polars", "2"))

LINEUP = (
    FLOOR,
    FLOOR_ON_ONE,
    INGEST,
    INGEST_ON_ONE,
    IMPORTS,
    INGEST_TWO,
    INGEST_ALL,
    INGEST_AZURITE,
    JQ,
    GZIP_JSON,
    DUCKDB,
    POLARS,
    POLARS_FAST,
)
