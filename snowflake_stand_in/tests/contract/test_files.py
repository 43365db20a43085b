"""How much room an account's files take."""

from pathlib import Path

import duckdb
import pytest
from snowflake_stand_in.composition import open_account

EVENTS = """
create table db.PUBLIC.EVENTS as
select json_object(
    'id', i,
    'urls', list_transform(range(50), n -> 'https://api.github.com/repos/o/r/' || hash(50 * i + n))
) as EVENT
from range(8000) as ids (i)
"""


@pytest.mark.parametrize("older", [False, True])
def test_events_take_less_than_half_of_their_text(tmp_path: Path, older: bool) -> None:
    """A half of these texts is at random; and so it is in a file begun in DuckDB's first format."""
    file = tmp_path / "account.duckdb"
    if older:
        with duckdb.connect() as before:
            before.execute(f"attach '{file}' as db (storage_version 'v1.0.0')")
            before.execute("create schema db.PUBLIC")
            before.execute("create table db.PUBLIC.KEPT as select 7 as A")
    account = open_account(file)
    account.create_database("DB", exists_ok=False)
    with account.duck_conn.cursor() as connection:
        connection.execute(EVENTS)
        connection.execute("checkpoint db")
        (size,) = connection.execute("select sum(strlen(EVENT)) from db.PUBLIC.EVENTS").fetchone()
        if older:
            assert connection.execute("from db.PUBLIC.KEPT").fetchall() == [(7,)]
    account.close()
    assert file.stat().st_size < size / 2
