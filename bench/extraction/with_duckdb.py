"""DuckDB alone: `python -m bench.extraction.with_duckdb DATABASE` prints an Extracted.

Its quickest way to many fields is one typed struct for all of them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping

import duckdb
import msgspec

from bench.extraction.extracted import described, measured
from bench.extraction.model import Column, columns

TYPES = {"varchar": "VARCHAR", "boolean": "BOOLEAN", "number(38, 0)": "BIGINT"}


def main(database: str) -> None:
    """Extract into a temporary table."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(f"set temp_directory = '{database}.alone.tmp'")
        connection.execute(f"attach '{database}' as gharchive (read_only)")
        statement = f"create temporary table extracted as {query(columns())}"
        usage = measured(lambda: connection.execute(statement))
        found = described(usage, lambda sql: connection.execute(sql).fetchall(), "extracted")
    sys.stdout.buffer.write(msgspec.json.encode(found))


def query(taken: list[Column]) -> str:
    """Return the query that makes the same columns."""
    structure: dict[str, object] = {}
    whole = {column.path for column in taken if _has_parts(column, taken)}
    for column in taken:
        if not any(column.path.startswith(f"{path}:") for path in whole):
            kind = "JSON" if column.path in whole else TYPES[column.kind]
            _add(structure, column.path.split(":"), kind)
    listed = ", ".join(f"{_value(column, whole)} as {column.name}" for column in taken)
    return (
        f"select file_name, file_hour, file_row_number, {listed} from (select file_name,"
        f" file_hour, file_row_number, json_transform(event, '{_text(structure)}') as event"
        " from gharchive.bronze.events_current where file_name is not null)"
    )


def _has_parts(column: Column, taken: list[Column]) -> bool:
    return any(other.path.startswith(f"{column.path}:") for other in taken)


def _add(structure: dict[str, object], keys: list[str], kind: str) -> None:
    for key in keys[:-1]:
        structure = structure.setdefault(key, {})  # type: ignore[assignment]
    structure[keys[-1]] = kind


def _text(structure: Mapping[str, object]) -> str:
    """Write json_transform's structure; of an array's elements all have the same."""

    def shape(value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {
            re.sub(r"\[0\]$", "", key): [shape(part)] if key.endswith("[0]") else shape(part)
            for key, part in value.items()
        }

    return json.dumps(shape(structure))


def _value(column: Column, whole: set[str]) -> str:
    for path in whole:
        if column.path == path:
            return f"{_field(path)} ->> '$'"
        if column.path.startswith(f"{path}:"):
            rest = column.path.removeprefix(f"{path}:").replace(":", ".")
            return f"cast({_field(path)} ->> '$.{rest}' as {TYPES[column.kind]})"
    return _field(column.path)


def _field(path: str) -> str:
    keys = [re.sub(r"^(\w+)\[0\]$", r'"\1"[1]', key) for key in path.split(":")]
    return ".".join(["event", *(key if '"' in key else f'"{key}"' for key in keys)])


if __name__ == "__main__":
    main(*sys.argv[1:])
