"""The script: `python -m bench.day.with_duckdb DATABASE FILE…`."""

import sys
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_suffix(".sql")


def main(database: str, *files: str) -> None:
    """Build every table and close the database."""
    with duckdb.connect(database, config={"threads": 2}) as connection:
        events, *others = duckdb.extract_statements(SCRIPT.read_text())
        connection.execute(events, {"files": list(files)})
        for statement in others:
            connection.execute(statement)
        connection.execute("checkpoint")


if __name__ == "__main__":
    main(*sys.argv[1:])
