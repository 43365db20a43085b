"""Snowpipe: what arrives on a stage is loaded once, by itself or after a refresh."""

import gzip
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.testing import Certificates
from snowflake_stand_in.testing.azurite import Storage

from contract.conftest import Run
from contract.stand_in import StandIn, fetch

WAIT_SECONDS = 30
INTEGRATION = (
    "create notification integration if not exists arrivals enabled = true type = queue"
    " notification_provider = azure_storage_queue"
    " azure_storage_queue_primary_uri = 'https://x.queue.core.windows.net/q'"
    " azure_tenant_id = 't'"
)
COPY = (
    "copy into events_raw (event, file_name) from (select $1, metadata$filename from @events)"
    " file_format = (type = json compression = gzip allow_duplicate = true)"
)
PIPE = f"create pipe arrivals_pipe auto_ingest = true integration = 'ARRIVALS' as {COPY}"


def put(container: ContainerClient, name: str, *ids: int, broken: bool = False) -> None:
    """Upload a file of events with these ids."""
    lines = [json.dumps({"id": i}) for i in ids] + ["{"] * broken
    container.upload_blob(name, gzip.compress("\n".join(lines).encode()), overwrite=True)


def eventually(check: Callable[[], Any]) -> Any:
    """Wait until something is so; return it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := check()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


@pytest.fixture
def table(run: Run, stage: str) -> str:
    """Make the table that the pipe loads, and its integration."""
    run(INTEGRATION)
    run("create table events_raw (event variant, file_name varchar)")
    return "events_raw"


@pytest.fixture
def loaded(run: Run, table: str) -> Callable[[], list[int]]:
    """Return the ids in the table."""
    return lambda: [int(i) for (i,) in run(f"select event:id::number from {table} order by 1")]


def status(run: Run, pipe: str = "arrivals_pipe") -> dict[str, Any]:
    """Return what SYSTEM$PIPE_STATUS says."""
    found: dict[str, Any] = json.loads(run(f"select system$pipe_status('{pipe}')")[0][0])
    return found


def test_pipe_loads_what_arrives_and_not_what_was_there(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient
) -> None:
    put(container, "2015/01/01/00.json.gz", 1)
    run(PIPE)
    put(container, "2015/01/01/01.json.gz", 2, 3)
    assert eventually(loaded) == [2, 3]
    assert run("alter pipe arrivals_pipe refresh") == [("2015/01/01/00.json.gz", "SENT")]
    eventually(lambda: loaded() == [1, 2, 3])
    assert run("alter pipe arrivals_pipe refresh") == []
    found = status(run)
    assert (found["executionState"], found["pendingFileCount"]) == ("RUNNING", 0)
    assert found["lastIngestedFilePath"] == "2015/01/01/00.json.gz"
    assert found["lastIngestedTimestamp"].endswith("Z")


def test_changed_file_under_the_same_name_is_ignored(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient
) -> None:
    run(PIPE)
    put(container, "a.json.gz", 1)
    eventually(loaded)
    put(container, "a.json.gz", 2)
    put(container, "b.json.gz", 3)
    eventually(lambda: 3 in loaded())
    assert loaded() == [1, 3]
    assert run("alter pipe arrivals_pipe refresh") == []


def test_histories_of_pipe_and_copy_are_apart(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient, schema: str
) -> None:
    run(PIPE)
    put(container, "a.json.gz", 1)
    eventually(loaded)
    run(COPY)
    assert loaded() == [1, 1]
    assert run(COPY) == [("Copy executed with 0 files processed.",)]
    history = run(
        "select file_name, status, row_count, pipe_schema_name, pipe_name"
        " from table(information_schema.copy_history(table_name => 'events_raw',"
        " start_time => dateadd('hour', -1, current_timestamp()))) order by pipe_name"
    )
    assert history == [
        ("a.json.gz", "Loaded", 1, schema, "ARRIVALS_PIPE"),
        ("a.json.gz", "Loaded", 1, None, None),
    ]


def test_broken_file_is_skipped_and_loaded_when_it_comes_again_whole(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient
) -> None:
    run(PIPE)
    put(container, "bad.json.gz", 1, broken=True)
    put(container, "good.json.gz", 2)
    eventually(loaded)
    assert loaded() == [2]
    put(container, "bad.json.gz", 1)
    eventually(lambda: loaded() == [1, 2])


def test_paused_pipe_waits_and_then_catches_up(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient
) -> None:
    run(PIPE)
    run("alter pipe arrivals_pipe set pipe_execution_paused = true")
    put(container, "a.json.gz", 1)
    found = status(run)
    assert (found["executionState"], found["pendingFileCount"]) == ("PAUSED", 1)
    assert loaded() == []
    run("alter pipe arrivals_pipe set pipe_execution_paused = false")
    assert eventually(loaded) == [1]


def test_refresh_takes_a_prefix_and_leaves_what_copy_has_loaded(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient
) -> None:
    for number, name in enumerate(("a/1.json.gz", "a/2.json.gz", "b/1.json.gz")):
        put(container, name, number)
    run(f"create pipe arrivals_pipe as {COPY}")
    run(COPY.replace("file_format", "files = ('a/1.json.gz') file_format"))
    assert run("alter pipe arrivals_pipe refresh prefix = 'a/'") == [("a/2.json.gz", "SENT")]
    eventually(lambda: loaded() == [0, 1])
    assert run("alter pipe arrivals_pipe refresh modified_after = '2999-01-01T00:00:00'") == []


def test_pipe_loads_as_its_owner(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient, schema: str
) -> None:
    owner = f"{schema}_pipe"
    for sql in (
        f"create role if not exists {owner}",
        f"grant usage on database gharchive to role {owner}",
        f"grant usage, create pipe on schema {schema} to role {owner}",
        f"grant usage on stage events to role {owner}",
        f"grant usage on integration arrivals to role {owner}",
        f"grant insert, select on table events_raw to role {owner}",
        f"use role {owner}",
        PIPE,
        "use role accountadmin",
        f"revoke insert on table events_raw from role {owner}",
    ):
        run(sql)
    put(container, "a.json.gz", 1)
    eventually(lambda: status(run)["executionState"].startswith("STALLED"))
    assert loaded() == []
    run(f"grant insert on table events_raw to role {owner}")
    assert eventually(loaded) == [1]
    run(f"drop role {owner}")


def test_pipe_of_a_new_owner_has_to_be_forced_to_resume(
    run: Run, loaded: Callable[[], list[int]], container: ContainerClient, schema: str
) -> None:
    owner = f"{schema}_heir"
    for sql in (
        PIPE,
        f"create role {owner}",
        f"grant usage on database gharchive to role {owner}",
        f"grant usage on schema {schema} to role {owner}",
        f"grant usage on stage events to role {owner}",
        f"grant select, insert on table events_raw to role {owner}",
        "alter pipe arrivals_pipe set pipe_execution_paused = true",
        f"grant ownership on pipe arrivals_pipe to role {owner} copy current grants",
    ):
        run(sql)
    put(container, "a.json.gz", 1)
    with pytest.raises(ProgrammingError, match=r"use SYSTEM\$PIPE_FORCE_RESUME"):
        run("alter pipe arrivals_pipe set pipe_execution_paused = false")
    assert status(run)["executionState"] == "PAUSED"

    run("select system$pipe_force_resume('arrivals_pipe')")

    assert eventually(loaded) == [1]
    run(f"drop role {owner}")


def test_show_describe_replace_and_drop(run: Run, table: str, schema: str) -> None:
    run(PIPE)
    run(PIPE.replace("create pipe", "create pipe if not exists"))
    with pytest.raises(ProgrammingError) as caught:
        run(PIPE)
    assert caught.value.errno == 2002
    for sql in (
        f"show pipes in schema {schema}",
        "show pipes like 'arr%'",
        "desc pipe arrivals_pipe",
    ):
        ((_, name, database, shown, definition, owner, *_),) = run(sql)
        assert (name, database, shown) == ("ARRIVALS_PIPE", "GHARCHIVE", schema)
        assert (definition, owner) == (COPY, "ACCOUNTADMIN")
    run(PIPE.replace("create", "create or replace"))
    run("drop pipe arrivals_pipe")
    run("drop pipe if exists arrivals_pipe")
    with pytest.raises(ProgrammingError) as caught:
        run("drop pipe arrivals_pipe")
    assert caught.value.errno == 2003


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        (PIPE.replace("integration = 'ARRIVALS'", ""), 1008),
        (PIPE.replace("'ARRIVALS'", "'NOSUCH'"), 2003),
        (PIPE.replace("@events", "@nosuch"), 2003),
        (PIPE.replace("into events_raw", "into nosuch"), 2003),
        (PIPE + " force = true", 2140),
        (PIPE + " files = ('a')", 2140),
        (PIPE + " on_error = abort_statement", 2140),
        ("create pipe p as insert into events_raw select 1, 2", 1003),
        ("create pipe p as selec", 1003),
        (PIPE.replace("integration", "aws_sns_topic = 'x' integration"), 2),
    ],
)
def test_wrong_definitions_are_refused(run: Run, table: str, sql: str, number: int) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run(sql)
    assert caught.value.errno == number


def test_pipe_neither_loses_nor_doubles_a_file_when_the_server_is_killed(
    tmp_path: Path, certificates: Certificates, storage: Storage, container: ContainerClient
) -> None:
    server = StandIn(tmp_path / "gharchive.duckdb", certificates)
    server.start()
    with server.connect(database=None) as connection:
        cursor = connection.cursor()
        for sql in (
            "create database gharchive",
            INTEGRATION,
            "create table events_raw (event variant, file_name varchar)",
            f"create stage events url = '{storage.stage_url(container.container_name)}'"
            f" credentials = (azure_sas_token = '{storage.sas('rl')}')",
            PIPE,
        ):
            cursor.execute(sql)
        for number in range(60):
            put(container, f"{number:02d}.json.gz", number)
        count = "select count(*) from events_raw"
        eventually(lambda: fetch(cursor, count)[0][0] > 3)
        server.stop(signal.SIGKILL)
    put(container, "60.json.gz", 60)
    server.start()
    with server.connect(schema="public") as connection:
        cursor = connection.cursor()
        eventually(lambda: fetch(cursor, count)[0][0] >= 61)
        assert fetch(cursor, "select count(*), count(distinct file_name) from events_raw") == [
            (61, 61)
        ]
    assert server.stop() < 5
