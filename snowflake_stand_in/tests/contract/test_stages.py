"""Stages beyond COPY INTO a table: access, listing, queries."""

import gzip
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.testing import Certificates
from snowflake_stand_in.testing.azurite import ACCOUNT, Storage

from contract.conftest import Run
from contract.stand_in import StandIn, fetch


@pytest.fixture
def make_stage(run: Run, storage: Storage, container: ContainerClient) -> Callable[[str, str], str]:
    """Make a stage on the container with a SAS token, for JSON."""

    def make_stage(name: str, token: str) -> str:
        run(
            f"create or replace stage {name} "
            f"url = '{storage.stage_url(container.container_name)}' "
            f"credentials = (azure_sas_token = '{token}') file_format = (type = json)"
        )
        return name

    return make_stage


@pytest.fixture
def hours(container: ContainerClient) -> None:
    """Put two hours and another file into the container."""
    container.upload_blob("2015/0.json.gz", gzip.compress(b'{"x": 1}\n{"x": 2}\n'))
    container.upload_blob("2015/1.json.gz", gzip.compress(b'{"x": 3}\n'))
    container.upload_blob("other/0.json", b'{"x": 9}\n')


def container_sas(storage: Storage, container: str, permission: str) -> str:
    now = datetime.now(UTC)
    return generate_container_sas(
        ACCOUNT,
        container,
        storage.key,
        permission=permission,
        expiry=now + timedelta(hours=1),
        start=now - timedelta(days=1),
    )


def object_sas(storage: Storage) -> str:
    return generate_account_sas(
        ACCOUNT,
        storage.key,
        ResourceTypes(object=True),
        AccountSasPermissions.from_string("rl"),  # type: ignore[no-untyped-call]
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )


FAULTS: list[tuple[str, Callable[[Storage, str], str], str]] = [
    ("expired", lambda s, c: s.sas("rl", hours=-1), r"SAS token expired at \d{4}-.* \(se\)"),
    ("of another container", lambda s, c: container_sas(s, "another", "rl"), "another one than"),
    ("without list", lambda s, c: container_sas(s, c, "r"), r"permissions 'r' \(sp\): listing"),
    ("without containers", lambda s, c: object_sas(s), r"for objects only \(srt"),
]


@pytest.mark.usefixtures("hours")
@pytest.mark.parametrize(("fault", "token", "cause"), FAULTS, ids=[f[0] for f in FAULTS])
def test_error_says_what_is_wrong_with_the_sas(
    run: Run,
    storage: Storage,
    container: ContainerClient,
    make_stage: Callable[[str, str], str],
    fault: str,
    token: Callable[[Storage, str], str],
    cause: str,
) -> None:
    made = token(storage, container.container_name)
    stage = make_stage("s", made)
    run("create table t (v variant)")
    for sql in (f"list @{stage}", f"select $1 from @{stage}", f"copy into t from @{stage}"):
        with pytest.raises(
            ProgrammingError, match=r"Failure using stage area\. Cause: \["
        ) as caught:
            run(sql)
        assert caught.value.errno == 91003
        assert "Status Code: 403; Error Code: Auth" in str(caught.value).replace("AUTH", "Auth")
        assert re.search(cause, str(caught.value)), fault
        assert made.split("sig=")[1][:20] not in str(caught.value)


@pytest.mark.usefixtures("hours")
def test_sas_without_read_lists_and_cannot_be_read(
    run: Run, storage: Storage, container: ContainerClient, make_stage: Callable[[str, str], str]
) -> None:
    stage = make_stage("s", container_sas(storage, container.container_name, "l"))
    run("create table t (v variant)")
    assert len(run(f"list @{stage}")) == 3
    for sql in (f"select $1 from @{stage}/2015", f"copy into t from @{stage}/2015"):
        with pytest.raises(ProgrammingError, match=r"permissions 'l' \(sp\).*reading r"):
            run(sql)


@pytest.mark.usefixtures("hours")
def test_list_and_query_by_path_and_pattern(
    run: Run, storage: Storage, make_stage: Callable[[str, str], str]
) -> None:
    stage = make_stage("s", storage.sas("rl"))
    names = [row[0] for row in run(f"list @{stage}/2015 pattern = '.*1[.]json.*'")]
    assert [name.rpartition("/")[2] for name in names] == ["1.json.gz"]
    assert run(
        "select $1:x::int, metadata$filename, metadata$file_row_number"
        f" from @{stage}/2015 order by 1"
    ) == [(1, "2015/0.json.gz", 1), (2, "2015/0.json.gz", 2), (3, "2015/1.json.gz", 1)]
    assert run(f"select t.$1:x::int from @{stage} (pattern => 'other.*') t") == [(9,)]
    assert run(f"select count(*) from @{stage}/nothing/here") == [(0,)]
    assert run(f"select $1:x::int, metadata$filename from @{stage}/nothing/here") == []


@pytest.fixture
def writable(storage: Storage, make_stage: Callable[[str, str], str]) -> str:
    return make_stage("w", storage.sas("rwlcd"))


def test_query_reads_parquet(run: Run, writable: str, container: ContainerClient) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"ID": [1, 2], "S": ['a,"b', None]}), file)
    container.upload_blob("p/0.parquet", file.getvalue())
    run("create file format pf type = parquet")
    assert run(f"select $1:ID::int, $1:S::varchar from @{writable}/p (file_format => 'pf')") == [
        (1, 'a,"b'),
        (2, None),
    ]


@pytest.mark.parametrize("source", ["(select 1 as n)", "t"])
@pytest.mark.parametrize("place", ["@w/x/", "'azure://account.blob.core.windows.net/c/x/'"])
@pytest.mark.usefixtures("writable")
def test_unloading_is_refused(run: Run, place: str, source: str) -> None:
    run("create table t (n number)")
    with pytest.raises(ProgrammingError, match="COPY INTO a location"):
        run(f"copy into {place} from {source}")


@pytest.mark.usefixtures("hours")
def test_remove_and_alter_stage(
    run: Run, cursor: SnowflakeCursor, storage: Storage, writable: str, container: ContainerClient
) -> None:
    assert len(run(f"remove @{writable}/2015 pattern = '.*0[.]json.*'")) == 1
    assert list(container.list_blob_names()) == ["2015/1.json.gz", "other/0.json"]
    url = storage.stage_url(container.container_name)
    run(f"alter stage {writable} set url = '{url}/other' comment = 'A stage'")
    run(f"alter stage {writable} set file_format = (type = parquet)")
    assert [row[0] for row in run(f"list @{writable}")] == [f"{url}/other/0.json"]
    described = {row[1]: row[3] for row in run(f"desc stage {writable}")}
    assert described == {"URL": f'["{url}/other"]', "TYPE": "PARQUET"}
    cursor.execute(f"show stages like '{writable}'")
    shown = dict(zip([c.name for c in cursor.description], cursor.fetchone() or (), strict=True))
    assert (shown["comment"], shown["has_credentials"]) == ("A stage", "Y")
    run(f"alter stage {writable} set credentials = (azure_sas_token = '{storage.sas('r')}')")
    with pytest.raises(ProgrammingError, match="SAS token"):
        run(f"list @{writable}")


@pytest.mark.usefixtures("hours")
def test_copy_of_a_text_that_is_too_long_loads_nothing(
    run: Run, storage: Storage, make_stage: Callable[[str, str], str]
) -> None:
    stage = make_stage("s", storage.sas("rl"))
    run("create table t (s varchar(5))")
    with pytest.raises(ProgrammingError, match="would be truncated") as caught:
        run(f"copy into t from (select metadata$filename from @{stage})")
    assert caught.value.errno == 100078
    assert run("select count(*) from t") == [(0,)]


@pytest.mark.usefixtures("hours")
def test_history_of_copies(
    run: Run, storage: Storage, make_stage: Callable[[str, str], str]
) -> None:
    stage = make_stage("s", storage.sas("rl"))
    run("create table t (v variant)")
    run(f"copy into t from @{stage}/2015")
    assert run(
        "select file_name, status, row_count, error_count"
        " from table(information_schema.copy_history(table_name => 't',"
        " start_time => dateadd(hour, -1, current_timestamp()))) order by 1"
    ) == [("2015/0.json.gz", "Loaded", 2, 0), ("2015/1.json.gz", "Loaded", 1, 0)]
    assert run(
        "select count(*) from information_schema.load_history where table_name = 'T'"
        " and status = 'LOADED'"
    ) >= [(2,)]


@pytest.mark.usefixtures("hours")
def test_storage_integration_needs_azures_consent(
    run: Run,
    storage: Storage,
    container: ContainerClient,
    schema: str,
) -> None:
    """The room's server has no key, as an account whose administrator hasn't consented."""
    url = storage.stage_url(container.container_name)
    integration = f"I_{schema}"
    run(
        f"create storage integration {integration} type = external_stage"
        " storage_provider = 'AZURE' enabled = true azure_tenant_id = 't'"
        f" storage_allowed_locations = ('{url}/2015')"
    )
    run(f"create stage s url = '{url}/2015' storage_integration = {integration}")
    with pytest.raises(ProgrammingError, match="AZURE_CONSENT_URL"):
        run("list @s")
    with pytest.raises(ProgrammingError, match="not allowed by integration"):
        run(f"create stage other url = '{url}/other' storage_integration = {integration}")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(f"create stage other url = '{url}' storage_integration = nosuch")
    run(f"drop storage integration {integration}")


@pytest.mark.usefixtures("hours")
def test_storage_integration_reads_with_the_servers_key(
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    certificates: Certificates,
    storage: Storage,
    container: ContainerClient,
) -> None:
    url = storage.stage_url(container.container_name)
    monkeypatch.setenv("AZURE_STORAGE_KEY", storage.key)
    server = StandIn(tmp_path / "gharchive.duckdb", certificates)
    server.start()
    with server.connect(database=None) as connection:
        cursor = connection.cursor()
        for sql in (
            "create database gharchive",
            "create storage integration i type = external_stage storage_provider = 'AZURE'"
            f" enabled = true azure_tenant_id = 't' storage_allowed_locations = ('{url}')",
            f"create stage s url = '{url}/2015' storage_integration = i"
            " file_format = (type = json)",
        ):
            cursor.execute(sql)
        assert fetch(cursor, "select sum($1:x::int) from @s") == [(6,)]
        cursor.execute("alter storage integration i set enabled = false")
        with pytest.raises(ProgrammingError, match="not enabled"):
            cursor.execute("list @s")
    server.stop()
