"""Values between Snowflake's wire format and DuckDB: bindings in, results out."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from fakesnow.arrow import to_sf
from fakesnow.converter import from_binding
from fakesnow.rowtype import ColumnInfo, describe_as_rowtype

from snowflake_stand_in.sql import data_types
from snowflake_stand_in.sql.data_types import Type

_INTEGERS = {"TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER", "UHUGEINT"}


def bound(kind: str, value: str | None, column: str = "") -> Any:
    """Convert one bound value of a Snowflake type, for a column of a DuckDB type if known.

    Clients send a column of mixed types, NULLs included, as TEXT: a date or time is then a number.
    """
    if value is None:
        return None
    if kind == "FIXED":
        return int(value) if value.lstrip("+-").isdigit() else Decimal(value)
    if kind == "REAL":
        return float(value)
    if kind == "TEXT" and value.lstrip("-").isdigit():
        kind = {"TIMESTAMP": "TIMESTAMP_NTZ", "DATE": "DATE", "TIME": "TIME"}.get(column, kind)
    converted = from_binding({"type": kind, "value": value})
    if kind == "TIMESTAMP_NTZ" and isinstance(converted, datetime.datetime):
        return converted.replace(tzinfo=None)
    return converted


def row_type(described: list[Any], types: Sequence[Type | None] = ()) -> list[ColumnInfo]:
    """Describe a result's columns in Snowflake's terms; `types` is what else is known of them."""
    columns = describe_as_rowtype(
        [
            (name, "BIGINT" if kind in _INTEGERS else "DOUBLE" if kind == "FLOAT" else kind, *rest)
            for name, kind, *rest in described
        ]
    )
    # Two columns of one name are one there
    if len(types) == len(columns):
        for column, (_, kind, *_rest), inferred in zip(columns, described, types, strict=True):
            known = data_types.narrowed(data_types.of_duckdb(kind), inferred)
            if known is not None and known.name == "NUMBER":
                column["precision"] = known.precision
            elif known is not None and known.name == "VARCHAR":
                column["length"] = known.length
                column["byteLength"] = min(known.length * 4, data_types.LONGEST_TEXT)
    return columns


def wire_table(table: pa.Table, columns: list[ColumnInfo]) -> pa.Table:
    """Make the Arrow table that Snowflake's clients read. A NULL timestamp stays NULL."""
    converted = to_sf(table, columns)
    for position, column in enumerate(table.columns):
        if pa.types.is_timestamp(column.type) and column.null_count:
            field = converted.schema.field(position)
            structs = converted.column(position).combine_chunks()
            nulls = pc.is_null(column.combine_chunks())
            filled = [pc.fill_null(structs.field(i), 0) for i in range(structs.type.num_fields)]
            masked = pa.StructArray.from_arrays(
                filled, fields=list(structs.type), mask=_plain(nulls)
            )
            converted = converted.set_column(position, field, masked)
    return converted


def _plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
