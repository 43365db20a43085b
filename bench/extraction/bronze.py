"""Bronze in a database of the stand-in's, with hours of real lines."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow  # type: ignore[import-untyped]
from snowflake_stand_in.composition import open_account
from snowflake_stand_in.engine.session import Session

from bench.ingest.hours import Pool
from include.sql.deploy import MIGRATIONS
from local.gharchive.hours import name_of

FIRST_HOUR = datetime(2024, 3, 5)
EVENTS_PER_HOUR = 50_000
_VIEWS = ("ledger.current_loads", "bronze.events_current")
_OBJECTS = (
    "create schema bronze",
    "create schema ledger",
    "create table bronze.BronzeRaw (event variant, file_name varchar,"
    " file_row_number number(38, 0), content_key varchar, file_last_modified timestamp_ntz,"
    " loaded_at timestamp_ntz, load_id varchar)",
    "create table ledger.loads (load_seq number(38, 0), file_name varchar, content_key varchar,"
    " file_hour timestamp_ntz)",
)
_INSERT = """
    insert into gharchive.bronze.bronzeraw
    select
        event, $file, row_number() over (), $file, $loaded_at::timestamp, $loaded_at::timestamp,
        'bench'
    from events
"""


def build(database: Path, pool: Pool, count: int) -> int:
    """Write so many events, drawn from the pool, into a new database; return their bytes."""
    account = open_account(database)
    account.create_database("GHARCHIVE", exists_ok=False)
    session = Session(account, "GHARCHIVE", "PUBLIC")
    session.role = "ACCOUNTADMIN"
    cursor, loader = session.cursor(), account.duck_conn.cursor()
    for statement in (*_OBJECTS, *_views()):
        cursor.execute(statement)
    random = Random(2011)
    size = 0
    for number, start in enumerate(range(0, count, EVENTS_PER_HOUR)):
        ids = range(start, min(start + EVENTS_PER_HOUR, count))
        drawn = random.choices(pool.lines, pool.weights, k=len(ids))
        lines = [_with_id(line, 40_000_000_000 + i) for line, i in zip(drawn, ids, strict=True)]
        size += sum(map(len, lines))
        hour = FIRST_HOUR + timedelta(hours=number)
        values = {"file": name_of(hour), "loaded_at": f"{hour}"}
        loader.register("events", pyarrow.table({"event": [line.decode() for line in lines]}))
        loader.execute(_INSERT, values)
        loader.unregister("events")
        cursor.execute(
            "insert into ledger.loads"
            f" values ({number}, '{name_of(hour)}', '{name_of(hour)}', '{hour}')"
        )
    loader.execute("checkpoint gharchive")
    loader.close()
    account.close()
    return size


def _views() -> list[str]:
    statements = (MIGRATIONS / "R__4_views.sql").read_text().split(";\n")
    heads = [f"create or replace view {{{{ database }}}}.{view} copy grants" for view in _VIEWS]
    found = [
        text[text.index(head) :].replace("{{ database }}", "gharchive")
        for head in heads
        for text in statements
        if head in text
    ]
    assert len(found) == len(_VIEWS)
    return found


def _with_id(line: bytes, number: int) -> bytes:
    return re.sub(rb'^\{"id":"\d+"', b'{"id":"%d"' % number, line, count=1).strip()
