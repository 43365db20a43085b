"""Run statements that are kept as .sql files, one statement a file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

from snowflake.connector.cursor import SnowflakeCursor


@contextmanager
def transaction(cursor: SnowflakeCursor) -> Iterator[None]:
    """Commit what the block does, or roll all of it back if it raises."""
    cursor.execute("begin")
    try:
        yield
    except BaseException:
        cursor.execute("rollback")
        raise
    cursor.execute("commit")


def run_statement(
    cursor: SnowflakeCursor,
    file: Path,
    binds: Mapping[str, str] | None = None,
    **names: object,
) -> list[tuple[Any, ...]]:
    """Run the statement of a file and return its rows.

    `binds` are the values of its `%(…)s`. `names` replace its `$…` as they are, for COPY takes no
    binds: the caller makes sure that they are harmless as SQL.
    """
    text = Template(file.read_text()).safe_substitute(names)
    cursor.execute(text, dict(binds) if binds else None)
    return list(cursor.fetchall())
