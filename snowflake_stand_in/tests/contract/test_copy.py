import gzip
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from azure.storage.blob import ContainerClient
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from snowflake_stand_in.testing.azurite import Storage

from contract.conftest import Run

COPY = """
copy into raw (event, file_name, line, content_key, scanned_at)
from (
    select $1, metadata$filename, metadata$file_row_number, metadata$file_content_key,
        metadata$start_scan_time::timestamp_ntz
    from @events
)
"""


@pytest.fixture(autouse=True)
def raw(run: Run) -> None:
    run(
        "create table raw (event variant, file_name varchar, line number, content_key varchar,"
        " scanned_at timestamp_ntz)"
    )


def put(container: ContainerClient, name: str, *lines: Any) -> None:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    container.upload_blob(name, gzip.compress(text.encode()), overwrite=True)


@pytest.mark.parametrize(
    ("file", "rows"), [("2015-01-01-12.json.gz", 8273), ("2012-06-14-15.json.gz", 5313)]
)
def test_real_hour_arrives_whole(
    run: Run,
    container: ContainerClient,
    stage: str,
    sample: Callable[[str], bytes],
    file: str,
    rows: int,
) -> None:
    content = sample(file)
    container.upload_blob("2015/01/01/12.json.gz", content)
    first, *_ = run(COPY)
    assert first[0].endswith("2015/01/01/12.json.gz")
    assert first[1:4] == ("LOADED", rows, rows)
    wanted = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    found = run("select event, line, file_name, content_key from raw order by line")
    assert [row[1] for row in found] == list(range(1, rows + 1))
    # By number: a difference of whole events takes minutes to print
    assert [
        row[1] for row, event in zip(found, wanted, strict=True) if json.loads(row[0]) != event
    ] == []
    assert {row[2:] for row in found} == {("2015/01/01/12.json.gz", found[0][3])}


def test_result_has_snowflakes_columns(
    cursor: SnowflakeCursor, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1})
    cursor.execute(COPY)
    assert [column.name for column in cursor.description] == [
        "file",
        "status",
        "rows_parsed",
        "rows_loaded",
        "error_limit",
        "errors_seen",
        "first_error",
        "first_error_line",
        "first_error_character",
        "first_error_column_name",
    ]


def test_files_pattern_and_path_select(run: Run, container: ContainerClient, stage: str) -> None:
    for name in ("2015/01.json.gz", "2015/02.json.gz", "2016/01.json.gz"):
        put(container, name, {"name": name})
    run(COPY + " files = ('2015/01.json.gz', '2016/01.json.gz')")
    assert run("select file_name from raw order by 1") == [
        ("2015/01.json.gz",),
        ("2016/01.json.gz",),
    ]
    run(COPY.replace("@events", "@events/2015") + " pattern = '.*02[.]json[.]gz'")
    assert len(run("select * from raw")) == 3


def test_loaded_file_is_skipped_until_it_changes_or_is_forced(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1})
    run(COPY)
    assert run(COPY) == [("Copy executed with 0 files processed.",)]
    assert len(run(COPY + " force = true")) == 1
    put(container, "a.json.gz", {"a": 2})
    run(COPY)
    assert run("select event:a::int from raw order by 1") == [(1,), (1,), (2,)]
    keys = run("select count(distinct content_key) from raw")
    assert keys == [(2,)]


def test_copy_rolls_back_with_its_transaction_and_so_does_its_history(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1})
    run("begin")
    run(COPY)
    run("rollback")
    assert run("select count(*) from raw") == [(0,)]
    assert run(COPY)[0][3] == 1


def test_missing_file(run: Run, stage: str) -> None:
    with pytest.raises(ProgrammingError, match="was not found") as caught:
        run(COPY + " files = ('nope.json.gz')")
    assert caught.value.errno == 91016


def test_bad_json_aborts_and_names_the_line(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1}, "{bad", {"a": 2})
    with pytest.raises(ProgrammingError, match=r"(?s)Error parsing JSON.*a.json.gz', line 2"):
        run(COPY)
    assert run("select count(*) from raw") == [(0,)]


@pytest.mark.parametrize(
    ("on_error", "status", "loaded"),
    [("continue", "PARTIALLY_LOADED", 2), ("skip_file", "LOAD_FAILED", 0)],
)
def test_on_error(
    run: Run, container: ContainerClient, stage: str, on_error: str, status: str, loaded: int
) -> None:
    put(container, "a.json.gz", {"a": 1}, "{bad", {"a": 2})
    (result,) = run(COPY + f" on_error = {on_error}")
    assert result[1:4] == (status, 3, loaded)
    assert result[7] == 2
    assert run("select count(*) from raw") == [(loaded,)]


def test_blank_lines_count_as_lines_and_not_as_rows(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", "", {"a": 1}, "  ", "\r", {"a": 2}, "{bad", "", {"a": 3}, "")
    (result,) = run(COPY + " on_error = continue")
    assert (result[1:4], result[7]) == (("PARTIALLY_LOADED", 4, 3), 6)
    assert run("select event:a::int, line from raw order by 2") == [(1, 1), (2, 2), (3, 4)]


def test_lines_longer_than_a_piece_and_a_byte_order_mark(
    run: Run, container: ContainerClient, stage: str
) -> None:
    """Files are read in pieces of 8 MB, whose rows follow each other without a gap."""
    lines = [f'{{"n": {n}, "text": "{"é" * size}"}}' for n, size in enumerate([9, 5 << 20, 7, 40])]
    content = gzip.compress("\n".join(lines).encode("utf-8-sig"))
    container.upload_blob("a.json.gz", content)
    run(COPY)
    found = run("select event:n::int, line, length(event:text::varchar) from raw order by line")
    assert found == [(0, 1, 9), (1, 2, 5 << 20), (2, 3, 7), (3, 4, 40)]


def test_a_document_beyond_16_mib_is_an_error(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1}, {"a": "x" * (16 << 20)})
    with pytest.raises(ProgrammingError, match=r"(?s)document is too large.*line 2"):
        run(COPY)


def test_an_error_in_a_later_file_leaves_nothing_of_an_earlier_one(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", *({"a": n} for n in range(1000)))
    put(container, "b.json.gz", {"a": 1}, b"\xff".decode("latin-1") + "{")
    with pytest.raises(ProgrammingError, match=r"b\.json\.gz', line 2"):
        run(COPY)
    assert run("select count(*) from raw") == [(0,)]
    assert [row[3] for row in run(COPY + " on_error = skip_file")] == [1000, 0]


def test_a_value_that_does_not_fit_is_an_error(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"id": "x"})
    run("create table typed (id number)")
    with pytest.raises(ProgrammingError, match="x"):
        run("copy into typed from (select $1:id::number from @events)")
    assert run("select count(*) from typed") == [(0,)]


def test_every_row_tells_when_its_file_was_written(
    run: Run, container: ContainerClient, stage: str
) -> None:
    run("create table written (file_name varchar, at timestamp_ntz)")
    for name in ("a.json.gz", "b.json.gz"):
        put(container, name, {"a": 1}, {"a": 2})
    run(
        "copy into written from (select metadata$filename, "
        "metadata$file_last_modified::timestamp_ntz from @events)"
    )
    times = {blob.name: blob.last_modified.replace(tzinfo=None) for blob in container.list_blobs()}
    found = run("select * from written order by 1")
    assert found == [(name, times[name]) for name in sorted(times) for _ in range(2)]


def test_truncated_gzip_fails(run: Run, container: ContainerClient, stage: str) -> None:
    content = gzip.compress(b'{"a": 1}\n' * 10000)
    container.upload_blob("a.json.gz", content[: len(content) // 2])
    with pytest.raises(ProgrammingError, match="cannot be decompressed"):
        run(COPY)


def test_duplicate_keys_keep_the_last_or_fail(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", '{"a": 1, "a": 2}')
    with pytest.raises(ProgrammingError, match="duplicate object attribute"):
        run(COPY + " file_format = (type = json)")
    run(COPY)
    assert run("select event:a::int from raw") == [(2,)]


def test_storage_refuses(
    run: Run, storage: Storage, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1})
    for url, token, status in (
        (storage.stage_url(container.container_name), storage.sas("rl", hours=-1), 403),
        (storage.stage_url("nosuchcontainer"), storage.sas("rl"), 404),
    ):
        run(
            f"create or replace stage events url = '{url}' credentials = "
            f"(azure_sas_token = '{token}') file_format = (type = json)"
        )
        with pytest.raises(ProgrammingError, match=f"Status Code: {status}") as caught:
            run(COPY)
        assert caught.value.errno == 91003
        assert token not in str(caught.value)


def test_secret_of_a_stage_is_shown_nowhere(
    run: Run, storage: Storage, stage: str, server: Any
) -> None:
    signature = storage.sas("rl").split("sig=")[1][:20]
    described = run("desc stage events") + run("show stages")
    assert "sig=" not in str(described)
    assert signature not in server.log


def test_paths_with_types_and_named_format(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"id": "7", "at": "2015-01-01T00:00:00Z", "actor": {"login": "x"}})
    run("create file format lines type = json compression = gzip allow_duplicate = true")
    run("create table typed (id number, at timestamp_ntz, login varchar)")
    run(
        "copy into typed from (select $1:id::number, $1:at::timestamp_ntz, $1:actor.login::varchar"
        " from @events) file_format = (format_name = 'lines')"
    )
    assert run("select id, to_varchar(at, 'YYYY-MM-DD HH24'), login from typed") == [
        (7, "2015-01-01 00", "x")
    ]


def test_untransformed_json_fills_one_column(
    run: Run, container: ContainerClient, stage: str
) -> None:
    put(container, "a.json.gz", {"a": 1})
    run("create table one (v variant)")
    run("copy into one from @events")
    assert run("select v:a::int from one") == [(1,)]
    with pytest.raises(ProgrammingError, match="one and only one column"):
        run("copy into raw from @events")


def test_parquet_by_name_and_by_path(run: Run, container: ContainerClient, stage: str) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"user_id": [1, 2], "score": [0.5, None]}), sink)
    container.upload_blob("m/part-0.parquet", sink.getvalue().to_pybytes())
    run("create table recommendations (score float, user_id number, extra varchar)")
    run(
        "copy into recommendations from @events/m/ file_format = (type = parquet)"
        " match_by_column_name = case_insensitive"
    )
    run(
        "copy into recommendations (user_id, score) from (select $1:user_id::number,"
        " $1:score::float from @events/m/) file_format = (type = parquet) force = true"
    )
    rows = run("select user_id, score, extra from recommendations order by 1, 2")
    assert rows == [(1, 0.5, None)] * 2 + [(2, None, None)] * 2


def test_parquet_files_of_different_columns_load_by_name(
    run: Run, container: ContainerClient, stage: str
) -> None:
    for number, columns in enumerate([{"a": [1]}, {"b": [2], "a": [3]}, {"a": [4]}]):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink)
        container.upload_blob(f"m/{number}.parquet", sink.getvalue().to_pybytes())
    run("create table pairs (a number, b number)")
    loaded = run(
        "copy into pairs from @events/m/ file_format = (type = parquet)"
        " match_by_column_name = case_insensitive"
    )
    assert [row[3] for row in loaded] == [1, 1, 1]
    assert run("select a, b from pairs order by a") == [(1, None), (3, 2), (4, None)]


def test_list_and_query_a_stage(run: Run, container: ContainerClient, stage: str) -> None:
    put(container, "x/a.json.gz", {"a": 1}, {"a": 2})
    (listed,) = run("list @events/x")
    assert listed[0].endswith("/x/a.json.gz")
    assert run("select $1:a::int, metadata$file_row_number from @events/x order by 1") == [
        (1, 1),
        (2, 2),
    ]


def test_a_copys_query_takes_columns_alone(run: Run, stage: str) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run("copy into raw (event) from (select $1 from @events where true)")
    assert caught.value.errno == 2


@pytest.mark.parametrize(
    "option",
    ["file_format = (type = csv)", "purge = true", "on_error = 'skip_file_10%'"],
)
def test_what_copy_cannot_do_is_refused(run: Run, stage: str, option: str) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run(COPY + option)
    assert caught.value.errno == 2
