"""Internal stages: files that the client puts there."""

import gzip
from pathlib import Path

import pytest
from contract.stand_in import fetch
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import documented
from conformance.conftest import Connect
from conformance.target import Target
from conformance.test_account_objects import prefix

__all__ = ["prefix"]

PUT = "sql-reference/sql/put"
METADATA = "user-guide/querying-metadata"
PRIVILEGES = "user-guide/security-access-control-privileges"


@pytest.fixture
def file(tmp_path: Path, shared: SnowflakeCursor, schema: str) -> Path:
    """Write a file of two records, and make a stage that reads it."""
    shared.execute("create stage put_here file_format = (type = json)")
    path = tmp_path / "hour.json.gz"
    path.write_bytes(gzip.compress(b'{"n": 1}\n{"n": 2}\n'))
    return path


def put(cursor: SnowflakeCursor, file: Path, options: str = "") -> str:
    """Put a file below a folder of the stage; return what became of it."""
    cursor.execute(f"put 'file://{file}' @put_here/2015/01 auto_compress = false {options}")
    ((*_, status, _),) = cursor.fetchall()
    return str(status)


@documented("put-and-query", "A query reads what PUT has brought; $1 is a record.", PUT)
def test_query(shared: SnowflakeCursor, file: Path) -> None:
    assert put(shared, file) == "UPLOADED"
    assert fetch(shared, "select $1:n::number as n from @put_here order by n") == [(1,), (2,)]


@documented("put-and-copy", "COPY INTO loads what PUT has brought.", PUT)
def test_copy(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    shared.execute("create table t (n number)")
    shared.execute(
        "copy into t (n) from (select $1:n::number from @put_here) files = ('2015/01/hour.json.gz')"
    )
    assert fetch(shared, "select sum(n) as s from t") == [(3,)]


@documented(
    "metadata-filename-internal",
    "METADATA$FILENAME of a named internal stage is the path below the stage (from memory).",
    METADATA,
)
def test_file_name(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    query = "select distinct metadata$filename as file_name from @put_here"
    assert fetch(shared, query) == [("2015/01/hour.json.gz",)]


@documented("put-again-skips", "PUT leaves a file that is there, without OVERWRITE = TRUE.", PUT)
def test_put_again(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    assert put(shared, file) == "SKIPPED"


@documented("put-overwrites", "PUT with OVERWRITE = TRUE replaces a file that is there.", PUT)
def test_put_overwrites(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    file.write_bytes(gzip.compress(b'{"n": 9}\n'))
    assert put(shared, file, "overwrite = true") == "UPLOADED"
    assert fetch(shared, "select $1:n::number as n from @put_here") == [(9,)]


@documented(
    "list-internal", "LIST names the stage in lower case, then the path.", "sql-reference/sql/list"
)
def test_list(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    shared.execute("list @put_here")
    assert [row[0] for row in shared.fetchall()] == ["put_here/2015/01/hour.json.gz"]


@documented("remove-internal", "REMOVE deletes a stage's files.", "sql-reference/sql/remove")
def test_remove(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    shared.execute("remove @put_here/2015")
    assert fetch(shared, "list @put_here") == []


@documented(
    "stage-replaced-is-empty",
    "A stage that is created again holds no files.",
    "sql-reference/sql/create-stage",
)
def test_created_again(shared: SnowflakeCursor, file: Path) -> None:
    put(shared, file)
    shared.execute("create or replace stage put_here file_format = (type = json)")
    assert fetch(shared, "list @put_here") == []


@documented(
    "stage-read-and-write",
    "READ on an internal stage reads it, and WRITE puts files there.",
    PRIVILEGES,
)
def test_privileges(
    shared: SnowflakeCursor, file: Path, target: Target, prefix: str, schema: str, connect: Connect
) -> None:
    put(shared, file)
    for statement in (
        f"create role {prefix}",
        f"grant role {prefix} to user {target.user}",
        f"grant usage on database {target.database} to role {prefix}",
        f"grant usage on schema {schema} to role {prefix}",
        f"grant usage on warehouse {target.warehouse} to role {prefix}",
    ):
        shared.execute(statement)
    limited = connect(role=prefix).cursor()
    limited.execute("use secondary roles none")
    query = "select count(*) as n from @put_here"
    with pytest.raises(DatabaseError):
        limited.execute(query)
    shared.execute(f"grant read on stage put_here to role {prefix}")
    assert fetch(limited, query) == [(2,)]
    with pytest.raises(DatabaseError):
        put(limited, file, "overwrite = true")
    shared.execute(f"grant write on stage put_here to role {prefix}")
    assert put(limited, file, "overwrite = true") == "UPLOADED"
