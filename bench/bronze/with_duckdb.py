"""DuckDB alone: `python -m bench.bronze.with_duckdb DATABASE FILE…`."""

import sys

import duckdb

INSERT = """
    insert into events
    select json, filename
    from read_json_objects($1, format = 'newline_delimited', filename = true, compression = 'gzip')
"""


def main(database: str, *files: str) -> None:
    """Insert the files' lines and close the database."""
    with duckdb.connect(database, config={"threads": 2}) as connection:
        connection.execute("create table events (event json, file_name varchar)")
        connection.execute(INSERT, [list(files)])
        connection.execute("checkpoint")


if __name__ == "__main__":
    main(*sys.argv[1:])
