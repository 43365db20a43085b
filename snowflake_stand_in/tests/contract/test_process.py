import signal
import stat
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from azure.storage.blob import ContainerClient
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.testing import Certificates
from snowflake_stand_in.testing.azurite import Storage

from contract.stand_in import StandIn, fetch

SETUP = [
    "create database if not exists gharchive",
    "create schema if not exists gharchive.gold",
    "create table gharchive.gold.t (a number comment 'A column') comment = 'A table'",
    "create view gharchive.gold.v as select sum(a) as s from gharchive.gold.t",
    "insert into gharchive.gold.t values (1), (2)",
    "create file format gharchive.gold.f type = json",
    "create stage gharchive.gold.s url = 'azure://x.blob.core.windows.net/c/p/'"
    " credentials = (azure_sas_token = 'sv=1&sig=secret')",
    "create database other",
    "create table other.public.u as select 7 as x",
    "create warehouse load_wh",
]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_state_survives_the_servers_end_and_a_move(
    tmp_path: Path, certificates: Certificates, number: int
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    server = StandIn(here / "gharchive.duckdb", certificates)
    server.start()
    with server.connect(database=None) as connection:
        for sql in SETUP:
            connection.cursor().execute(sql)
        connection.cursor().execute("begin")
        connection.cursor().execute("insert into gharchive.gold.t values (100)")
        assert server.stop(number) < 5
        here.rename(there)
        server.file = there / server.file.name
        server.start()
        with server.connect(schema="gold") as again:
            cursor = again.cursor()
            assert fetch(cursor, "select current_database(), s from v") == [("GHARCHIVE", 3)]
            assert fetch(cursor, "select x from other.public.u") == [(7,)]
            assert [row[1] for row in fetch(cursor, "show stages")] == ["S"]
            assert [row[1] for row in fetch(cursor, "show file formats")] == ["F"]
            assert [row[0] for row in fetch(cursor, "show warehouses")] == ["LOAD_WH"]
            assert fetch(cursor, "desc table t")[0][9] == "A column"
            cursor.execute("create or replace table t as select 1 as a")
        assert server.stop() < 5


def test_history_and_comments_survive_a_kill(
    tmp_path: Path, certificates: Certificates, storage: Storage, container: ContainerClient
) -> None:
    """What one COPY has loaded, the next one after SIGKILL doesn't load again."""
    container.upload_blob("0.json", b'{"x": 1}\n')
    server = StandIn(tmp_path / "gharchive.duckdb", certificates)
    server.start()
    with server.connect(database=None) as connection:
        for sql in (
            "create database gharchive comment = 'A database'",
            "create schema gold comment = 'A schema'",
            "create table t (v variant, s varchar(2) comment 'A column') comment = 'A table'",
            "create view w comment = 'A view' as select v from t",
            f"create stage s url = '{storage.stage_url(container.container_name)}'"
            f" credentials = (azure_sas_token = '{storage.sas('rl')}')"
            " file_format = (type = json) comment = 'A stage'",
            "copy into t (v) from (select $1 from @s)",
            "begin",
            "insert into t (s) values ('no')",
        ):
            connection.cursor().execute(sql)
        server.stop(signal.SIGKILL)
    server.start()
    with server.connect(schema="gold") as again:
        cursor = again.cursor()
        assert fetch(cursor, "select v:x::int, s from t") == [(1, None)]
        fetch(cursor, "copy into t (v) from (select $1 from @s)")
        assert fetch(cursor, "select count(*) from t") == [(1,)]
        history = (
            "select row_count from table(information_schema.copy_history("
            "table_name => 't', start_time => '2015-01-01'::timestamp_ltz))"
        )
        assert fetch(cursor, history) == [(1,)]
        assert fetch(cursor, "desc table t")[1][9] == "A column"
        for kind, name in (
            ("database", "gharchive"),
            ("schema", "gold"),
            ("table", "t"),
            ("view", "w"),
            ("stage", "s"),
        ):
            cursor.execute(f"show {kind}s like '{name}'")
            columns = [column.name for column in cursor.description]
            ((*row,),) = cursor.fetchall()
            assert row[columns.index("comment")] == f"A {kind}"
        with pytest.raises(ProgrammingError, match="too long"):
            cursor.execute("insert into t (s) values ('long')")
    server.stop()


def test_sigterm_ends_what_waits_and_what_runs(tmp_path: Path, certificates: Certificates) -> None:
    server = StandIn(tmp_path / "gharchive.duckdb", certificates)
    server.start()
    holder = server.connect(database=None)
    for sql in SETUP[:3]:
        holder.cursor().execute(sql)
    with ThreadPoolExecutor(2) as pool:
        for sql in ("begin", "delete from t"):
            holder.cursor().execute(sql)
        others = [server.connect(schema="gold", network_timeout=1) for _ in range(2)]
        slow = (
            "select count(*) from table(generator(rowcount => 1000000)) a,"
            " table(generator(rowcount => 1000000)) b"
        )
        running = [
            pool.submit(other.cursor().execute, sql)
            for other, sql in zip(others, ("delete from t", slow), strict=True)
        ]
        time.sleep(1)
        assert not any(statement.done() for statement in running)
        assert server.stop() < 5
        for statement in running:
            assert statement.exception() is not None


def test_what_it_writes_is_its_owners_alone(server: StandIn) -> None:
    """The account's file and its WAL hold the tokens of stages."""
    written = [file for file in server.file.parent.glob(f"{server.file.name}*") if file.is_file()]
    assert {f"{server.file}.account", f"{server.file}.account.wal"} <= set(map(str, written))
    assert [file for file in written if stat.S_IMODE(file.stat().st_mode) != 0o600] == []


def test_health(server: StandIn) -> None:
    answer = requests.get(f"https://127.0.0.1:{server.port}/health", timeout=5)
    assert answer.status_code == 200


def test_login_without_the_database_having_been_made(server: StandIn) -> None:
    with server.connect(database="nosuch") as connection:
        assert fetch(connection.cursor(), "select current_database()") == [(None,)]


def test_a_question_asked_again_is_run_once(server: StandIn) -> None:
    """A client that has waited too long for an answer asks again, by the same request id."""
    with server.connect() as connection:
        connection.cursor().execute("create or replace temporary table asked (a number)")
        question = {"sqlText": "insert into asked values (1)", "sequenceId": 1}
        address = f"/queries/v1/query-request?requestId={uuid.uuid4()}"
        assert connection.rest is not None
        answers = [connection.rest.request(address, question) for _ in range(2)]
        assert answers[0]["success"]
        assert answers[0]["data"]["queryId"] == answers[1]["data"]["queryId"]
        assert fetch(connection.cursor(), "select count(*) from asked") == [(1,)]
