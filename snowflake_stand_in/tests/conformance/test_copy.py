"""COPY INTO a table from an external stage, and queries over it."""

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from contract.stand_in import fetch
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import documented
from conformance.stage import Stage

COPY = "sql-reference/sql/copy-into-table"
METADATA = "user-guide/querying-metadata"
QUERY_STAGE = "user-guide/querying-stage"
INTO = """
copy into raw (event, file_name, line, content_key, modified, scanned)
from (
    select $1, metadata$filename, metadata$file_row_number, metadata$file_content_key,
        metadata$file_last_modified::timestamp_ntz, metadata$start_scan_time::timestamp_ntz
    from @events
)
"""

Run = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def run(shared: SnowflakeCursor, stage: Stage) -> Run:
    """Run one statement beside a stage `events` and a table `raw`."""
    shared.execute(
        f"create stage events url = '{stage.url}' credentials = (azure_sas_token = '{stage.sas}')"
        " file_format = (type = json compression = gzip allow_duplicate = true)"
    )
    shared.execute(
        "create table raw (event variant, file_name varchar, line number, content_key varchar,"
        " modified timestamp_ntz, scanned timestamp_ntz)"
    )
    return lambda sql: fetch(shared, sql)


def put(stage: Stage, name: str, *lines: Any) -> None:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    stage.put(name, gzip.compress(text.encode()))


@documented("copy-rows", "COPY loads every record of every file once.", COPY)
def test_rows(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1}, {"n": 2})
    put(stage, "b.json.gz", {"n": 3})
    run(INTO)
    assert run("select event:n::number from raw order by 1") == [(1,), (2,), (3,)]


@documented("copy-result", "COPY answers a row per file: status, rows parsed and loaded.", COPY)
def test_result(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1}, {"n": 2})
    ((file, status, parsed, loaded, *_),) = run(INTO)
    assert file.endswith("a.json.gz")
    assert (status, parsed, loaded) == ("LOADED", 2, 2)


@documented("copy-filename", "METADATA$FILENAME is the path below the stage's container.", METADATA)
def test_filename(run: Run, stage: Stage) -> None:
    put(stage, "2015/01/01/12.json.gz", {"n": 1})
    run(INTO)
    ((name,),) = run("select file_name from raw")
    assert name.endswith("2015/01/01/12.json.gz")


@documented("copy-row-number", "METADATA$FILE_ROW_NUMBER counts a file's records from 1.", METADATA)
def test_row_number(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 5}, {"n": 6})
    run(INTO)
    assert run("select event:n::number, line from raw order by line") == [(5, 1), (6, 2)]


@documented(
    "copy-content-key", "METADATA$FILE_CONTENT_KEY changes with the file's content.", METADATA
)
def test_content_key(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    put(stage, "a.json.gz", {"n": 2})
    run(INTO + " force = true")
    assert run("select count(distinct content_key), count(content_key) from raw") == [(2, 2)]


@documented(
    "copy-times", "METADATA$FILE_LAST_MODIFIED and METADATA$START_SCAN_TIME are UTC.", METADATA
)
def test_times(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    assert run(
        "select abs(datediff('second', modified, sysdate())) < 300,"
        " abs(datediff('second', scanned, sysdate())) < 300 from raw"
    ) == [(True, True)]


@documented("copy-skips-loaded", "A file that was loaded is skipped.", COPY)
def test_skips_loaded(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    assert run(INTO) == [("Copy executed with 0 files processed.",)]


@documented("copy-reloads-changed", "A loaded file that has changed is loaded again.", COPY)
def test_reloads_changed(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    put(stage, "a.json.gz", {"n": 2})
    run(INTO)
    assert run("select event:n::number from raw order by 1") == [(1,), (2,)]


@documented("copy-force", "FORCE loads whatever was loaded.", COPY)
def test_force(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    run(INTO + " force = true")
    assert run("select count(*) from raw") == [(2,)]


@documented("copy-files", "FILES names what to load, below the stage.", COPY)
def test_files(run: Run, stage: Stage) -> None:
    for name in ("a.json.gz", "b.json.gz", "c.json.gz"):
        put(stage, name, {"n": name})
    run(INTO + " files = ('a.json.gz', 'c.json.gz')")
    assert run("select event:n::varchar from raw order by 1") == [("a.json.gz",), ("c.json.gz",)]


@documented("copy-missing-file", "A file of FILES that isn't there fails the statement.", COPY)
def test_missing_file(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    with pytest.raises(DatabaseError, match="was not found"):
        run(INTO + " files = ('a.json.gz', 'nope.json.gz') on_error = abort_statement")
    assert run("select count(*) from raw") == [(0,)]


@documented("copy-pattern", "PATTERN selects by a regular expression.", COPY)
def test_pattern(run: Run, stage: Stage) -> None:
    put(stage, "part-0.json.gz", {"n": 1})
    put(stage, "result.json.gz", {"n": 2})
    run(INTO + " pattern = '.*part-[0-9]+[.]json[.]gz'")
    assert run("select event:n::number from raw") == [(1,)]


@documented("copy-path", "A path behind the stage selects by prefix.", COPY)
def test_path(run: Run, stage: Stage) -> None:
    put(stage, "x/a.json.gz", {"n": 1})
    put(stage, "y/a.json.gz", {"n": 2})
    run(INTO.replace("@events", "@events/y/"))
    assert run("select event:n::number from raw") == [(2,)]


@documented("copy-abort", "ABORT_STATEMENT loads nothing of a bad file, nor of others.", COPY)
def test_abort(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    put(stage, "b.json.gz", {"n": 2}, "{bad")
    with pytest.raises(DatabaseError):
        run(INTO + " on_error = abort_statement")
    assert run("select count(*) from raw") == [(0,)]


@documented("copy-continue", "CONTINUE loads the good records.", COPY)
def test_continue(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1}, "{bad", {"n": 3})
    ((_, status, _, loaded, *_),) = run(INTO + " on_error = continue")
    assert (status, loaded) == ("PARTIALLY_LOADED", 2)


@documented("copy-skip-file", "SKIP_FILE loads nothing of a bad file.", COPY)
def test_skip_file(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1}, "{bad")
    put(stage, "b.json.gz", {"n": 2})
    run(INTO + " on_error = skip_file")
    assert run("select event:n::number from raw") == [(2,)]


@documented(
    "copy-in-transaction",
    "COPY joins the transaction: a rollback undoes it.",
    "sql-reference/transactions",
)
def test_in_transaction(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run("begin")
    run(INTO)
    run("rollback")
    assert run("select count(*) from raw") == [(0,)]


@documented("copy-history-rolls-back", "What was rolled back can be loaded again.", COPY)
def test_history_rolls_back(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run("begin")
    run(INTO)
    run("rollback")
    run(INTO)
    assert run("select count(*) from raw") == [(1,)]


@documented(
    "copy-replace-in-transaction",
    "DELETE and COPY replace a file in one transaction.",
    "sql-reference/transactions",
)
def test_replace_in_transaction(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    put(stage, "a.json.gz", {"n": 2})
    run("begin")
    run("delete from raw")
    run(INTO + " files = ('a.json.gz') force = true")
    run("commit")
    assert run("select event:n::number from raw") == [(2,)]


@documented(
    "copy-duplicate-keys",
    "ALLOW_DUPLICATE takes the last of equal keys.",
    "sql-reference/sql/create-file-format",
)
def test_duplicate_keys(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", '{"n": 1, "n": 2}')
    run(INTO)
    assert run("select event:n::number from raw") == [(2,)]


@documented("copy-unicode", "Text of any script arrives as it is.", COPY)
def test_unicode(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", '{"s": "naïve 日本 \\ud83d\\ude00"}')
    run(INTO)
    assert run("select event:s::varchar from raw") == [("naïve 日本 \U0001f600",)]


@documented(
    "copy-untransformed", "Without a query COPY fills a single VARIANT column with JSON.", COPY
)
def test_untransformed(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run("create table single (v variant)")
    run("copy into single from @events")
    assert run("select v:n::number from single") == [(1,)]


@documented("copy-untransformed-columns", "Without a query COPY into several columns fails.", COPY)
def test_untransformed_columns(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    with pytest.raises(DatabaseError):
        run("copy into raw from @events")


@documented("copy-cast", "A COPY's query may cast.", "user-guide/data-load-transform")
def test_cast(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": "7", "o": {"k": 1}})
    run("create table typed (n number(38, 0), o variant)")
    run("copy into typed from (select $1:n::number(38, 0), $1:o from @events)")
    assert run("select n, o:k::number from typed") == [(7, 1)]


@documented(
    "copy-parquet", "Parquet's columns are read as $1:name.", "user-guide/data-load-transform"
)
def test_parquet(run: Run, stage: Stage) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"user_id": [1, 2], "score": [0.5, 0.25]}), file)
    stage.put("part-0.parquet", file.getvalue())
    run("create table scores (user_id number(38, 0), score float)")
    run(
        "copy into scores from (select $1:user_id::number(38, 0), $1:score::float from @events)"
        " file_format = (type = parquet) pattern = '.*[.]parquet'"
    )
    assert run("select user_id, score from scores order by 1") == [(1, 0.5), (2, 0.25)]


@documented("copy-empty-stage", "A stage without files is no error.", COPY)
def test_empty_stage(run: Run) -> None:
    assert run(INTO) == [("Copy executed with 0 files processed.",)]


@documented("stage-list", "LIST gives name, size, md5 and last_modified.", "sql-reference/sql/list")
def test_list(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    ((name, size, _, modified),) = run("list @events")
    assert name.endswith("a.json.gz")
    assert size > 0
    assert "GMT" in modified


@documented("stage-list-pattern", "LIST takes a pattern.", "sql-reference/sql/list")
def test_list_pattern(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    put(stage, "b.json.gz", {"n": 1})
    assert len(run("list @events pattern = '.*b[.]json[.]gz'")) == 1


@documented("stage-query", "A query reads a stage's files.", QUERY_STAGE)
def test_query(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1}, {"n": 2})
    assert run("select t.$1:n::number, metadata$file_row_number from @events as t order by 1") == [
        (1, 1),
        (2, 2),
    ]


@documented(
    "stage-named-format", "A stage may name a file format.", "sql-reference/sql/create-stage"
)
def test_named_format(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run("create file format json_gzip type = json compression = gzip")
    run(
        f"create stage named url = '{stage.url}'"
        f" credentials = (azure_sas_token = '{stage.sas}')"
        " file_format = (format_name = 'json_gzip')"
    )
    run(INTO.replace("@events", "@named"))
    assert run("select count(*) from raw") == [(1,)]


@documented(
    "stage-hides-sas",
    "No description of a stage shows its SAS token.",
    "sql-reference/sql/desc-stage",
)
def test_hides_sas(run: Run, stage: Stage) -> None:
    shown = repr(run("desc stage events")) + repr(run("show stages"))
    assert stage.sas not in shown
    assert stage.sas.split("sig=")[1][:20] not in shown


@documented("stage-bad-sas", "A SAS that grants nothing fails the statement.", COPY)
def test_bad_sas(run: Run, stage: Stage) -> None:
    run(
        f"create stage closed url = '{stage.url}' credentials = (azure_sas_token ="
        " '?sv=2024-11-04&ss=b&srt=co&sp=rl&se=2030-01-01T00:00:00Z&sig=AAAA')"
        " file_format = (type = json)"
    )
    with pytest.raises(DatabaseError):
        run(INTO.replace("@events", "@closed"))


@documented(
    "copy-history", "COPY_HISTORY tells what was loaded.", "sql-reference/functions/copy_history"
)
def test_copy_history(run: Run, stage: Stage) -> None:
    put(stage, "a.json.gz", {"n": 1})
    run(INTO)
    assert run(
        "select row_count from table(information_schema.copy_history(table_name => 'RAW',"
        " start_time => dateadd('hour', -1, current_timestamp())))"
    ) == [(1,)]
