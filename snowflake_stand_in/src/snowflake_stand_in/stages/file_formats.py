"""File formats: named ones, and those that a statement gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from fakesnow.transforms.file_format import lookup_file_format
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.names import TableName

BY_NAME = "where database_name = ? and schema_name = ? and name = ?"
_FORMATS = "_fs_global._fs_information_schema._fs_file_formats"


def run_drop_format(cursor: Cursor, statement: exp.Drop) -> None:
    """Run DROP FILE FORMAT."""
    name = names.target(statement, cursor.session.database, cursor.session.schema)
    deleted = cursor.rows(f"delete from {_FORMATS} {BY_NAME}", name)
    if deleted == [(0,)] and not statement.args.get("exists"):
        raise compilation(2003, f"File format '{name}' does not exist or not authorized.", "02000")
    cursor.succeed(f"{name.name} successfully dropped.")


def run_describe_format(cursor: Cursor, name: TableName) -> None:
    """Run DESCRIBE FILE FORMAT."""
    found = cursor.rows(f"select options from {_FORMATS} {BY_NAME}", name)
    if not found:
        raise compilation(2003, f"File format '{name}' does not exist or not authorized.", "02000")
    rows = [
        (key, "Boolean" if isinstance(value, bool) else "String", str(value), "")
        for key, value in json.loads(found[0][0]).items()
    ]
    cursor.answer_table(properties_table(PROPERTY, rows))


PROPERTY = ("property", "property_type", "property_value", "property_default")


def properties_table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> pa.Table:
    arrays = [pa.array(list(values), pa.string()) for values in zip(*rows, strict=True)]
    return pa.table(dict(zip(columns, arrays, strict=True)))


def format_options(properties: list[exp.Expr]) -> dict[str, Any]:
    """Return the options of a FILE_FORMAT = (…) clause by upper-case name."""
    options: dict[str, Any] = {}
    for prop in properties:
        value = prop.args["value"]
        if isinstance(value, exp.Tuple | exp.Paren):
            listed = value.expressions if isinstance(value, exp.Tuple) else [value.this]
            options[prop.this.name.upper()] = [item.name for item in listed]
            continue
        options[prop.this.name.upper()] = (
            value.this if isinstance(value, exp.Boolean | exp.Literal) else value.name.upper()
        )
    return options


def file_format(cursor: Cursor, *choices: dict[str, Any]) -> dict[str, Any]:
    """Return the first given format's options, a named format's looked up."""
    session = cursor.session
    options = next((c for c in choices if c), {"TYPE": "CSV"})
    if name := options.get("FORMAT_NAME"):
        with session.beside() as connection:
            options = lookup_file_format(connection, name, session.database, session.schema)
    return {
        "TYPE": "CSV",
        **{k: v.upper() if isinstance(v, str) else v for k, v in options.items()},
    }
