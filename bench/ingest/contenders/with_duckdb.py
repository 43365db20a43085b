"""DuckDB on whole lines: the fastest of four ways tried.

COPY's CSV without quotes, and with a delimiter that JSON can't hold, writes lines as they are.
"""

import sys

import duckdb

COPY = r"""
COPY (
    SELECT json FROM read_ndjson_objects($source)
    WHERE json_extract_string(json, '$.type')
        NOT IN ('GollumEvent', 'MemberEvent', 'GistEvent', 'DownloadEvent')
) TO '{target}'
(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', COMPRESSION gzip)
"""


def main(source: str, target: str) -> None:
    """Copy the lines of the types in use."""
    duckdb.execute(COPY.format(target=target.replace("'", "''")), {"source": source})


if __name__ == "__main__":
    main(*sys.argv[1:])
