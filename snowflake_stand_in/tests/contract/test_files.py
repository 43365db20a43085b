"""How much room an account's files take."""

from pathlib import Path

from snowflake_stand_in.composition import open_account

# The mean is 2 kB, and a few have 20, as with events
EVENTS = """
create table db.PUBLIC.EVENTS as
select json_object(
    'id', i,
    'urls', list_transform(
        range(if(i % 100 = 0, 400, 40)), n -> 'https://api.github.com/repos/' || hash(400 * i + n)
    )
) as EVENT
from range(8000) as ids (i)
"""


def test_events_take_less_than_a_third_of_their_text(tmp_path: Path) -> None:
    file = tmp_path / "account.duckdb"
    account = open_account(file)
    account.create_database("DB", exists_ok=False)
    with account.duck_conn.cursor() as connection:
        connection.execute(EVENTS)
        connection.execute("checkpoint db")
        [(size,)] = connection.execute("select sum(strlen(EVENT)) from db.PUBLIC.EVENTS").fetchall()
    account.close()
    assert file.stat().st_size < size / 3
