"""The stand-in: `python -m bench.extraction.with_stand_in DATABASE` prints an Extracted."""

import sys
from pathlib import Path

import msgspec
from snowflake_stand_in.composition import open_account
from snowflake_stand_in.engine.session import Session

from bench.extraction.extracted import described, measured
from bench.extraction.model import extraction


def main(database: str) -> None:
    """Extract into a temporary table, as dbt has an incremental model do."""
    account = open_account(Path(database))
    account.duck_conn.execute("set threads = 2")
    session = Session(account, "GHARCHIVE", "PUBLIC")
    session.role = "ACCOUNTADMIN"
    cursor = session.cursor()
    statement = f"create temporary table extracted as {extraction()}"
    usage = measured(lambda: cursor.execute(statement))
    found = described(usage, cursor.rows, 'temp.main."GHARCHIVE.PUBLIC.EXTRACTED"')
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
