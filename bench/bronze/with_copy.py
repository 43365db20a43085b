"""COPY on a stand-in of its own, from an Azurite that has the files already."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from snowflake_stand_in.testing import StandIn

from bench.ingest.usage import Usage, affinity, high_water_bytes
from include.sql.load import STATEMENTS
from include.sql.statements import run_statement
from tests.blob_storage import Storage

CONTAINER = "bench-events"
OBJECTS = (
    "create database gharchive",
    "create schema bronze",
    "create table BronzeRaw (event variant, file_name varchar, file_row_number number(38, 0),"
    " content_key varchar, file_last_modified timestamp_ntz, loaded_at timestamp_ntz,"
    " load_id varchar)",
    "create stage gharchive_stage url = '{url}' credentials = (azure_sas_token = '{sas}')",
)


class Loaded(NamedTuple):
    """What a load took, what the server's start took before it, and how many rows it brought."""

    usage: Usage
    start: float
    rows: int


def upload(storage: Storage, files: Sequence[Path]) -> list[str]:
    """Put the files where the product's ingest puts an hour; return their names."""
    container = storage.owner.create_container(CONTAINER)
    names = [f"2024/03/05/{number:02}.json.gz" for number in range(len(files))]
    for name, file in zip(names, files, strict=True):
        container.upload_blob(name, file.read_bytes())
    return names


def load(names: Sequence[str], storage: Storage, database: Path, cores: Sequence[int]) -> Loaded:
    """Load blobs into a new database; counted is the server, from BEGIN to its end."""
    began = time.perf_counter()
    server = StandIn(database)
    with affinity(cores):
        server.start()
    with _ended(server.process):
        connection = server.connect(user="bench", password="-")
        start = time.perf_counter() - began
        cursor = connection.cursor()
        for statement in OBJECTS:
            cursor.execute(
                statement.format(url=storage.stage_url(CONTAINER), sas=storage.sas("rl"))
            )
        process = psutil.Process(server.process.pid)
        cpu_before, began = sum(process.cpu_times()[:2]), time.perf_counter()
        cursor.execute("begin")
        files = ", ".join(f"'{name}'" for name in names)
        results = run_statement(cursor, STATEMENTS / "6_copy.sql", files=files, load_id="bench")
        cursor.execute("commit")
        peak = high_water_bytes(Path(f"/proc/{server.process.pid}/status").read_text())
        server.process.terminate()
        _, status, used = os.wait4(server.process.pid, 0)
        server.process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
    cpu = used.ru_utime + used.ru_stime - cpu_before
    return Loaded(Usage(wall, cpu, peak, peak), start, sum(row[3] for row in results))


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill the server if the block has failed before it has ended it."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
