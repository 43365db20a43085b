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

from snowflake_stand_in.sql import data_types, json_values
from snowflake_stand_in.sql.data_types import Type
from snowflake_stand_in.sql.time_macros import TZ_TYPE

_ZONED = "TIMESTAMP WITH TIME ZONE"
_NESTED = ("variant", "object", "array")
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
    if kind == "TIMESTAMP_TZ":
        return _with_offset(value)
    converted = from_binding({"type": kind, "value": value})
    if kind == "TIMESTAMP_NTZ" and isinstance(converted, datetime.datetime):
        return converted.replace(tzinfo=None)
    return converted


def _with_offset(value: str) -> Any:
    """Convert a bound TIMESTAMP_TZ, nanoseconds and the offset in minutes from a day back."""
    nanoseconds, _, minutes = value.partition(" ")
    at = from_binding({"type": "TIMESTAMP_NTZ", "value": nanoseconds})
    assert isinstance(at, datetime.datetime)
    return {"utc": at.replace(tzinfo=None), "zone_minutes": int(minutes or 1440) - 1440}


def row_type(described: list[Any], types: Sequence[Type | None] = ()) -> list[ColumnInfo]:
    """Describe a result's columns in Snowflake's terms; `types` is what else is known of them."""
    columns = _row_type(
        [(name, _ZONED if kind == TZ_TYPE else kind, *rest) for name, kind, *rest in described]
    )
    for column, (_, kind, *_rest) in zip(columns, described, strict=True):
        if kind == _ZONED:
            column["type"] = "timestamp_ltz"
    # Two columns of one name are one there
    if len(types) == len(columns):
        for column, (_, kind, *_rest), inferred in zip(columns, described, types, strict=True):
            known = data_types.narrowed(data_types.of_duckdb(kind), inferred)
            if known is not None and known.name == "NUMBER":
                column["precision"] = known.precision
            elif known is not None and known.name == "VARCHAR":
                column["length"] = known.length
                column["byteLength"] = min(known.length * 4, data_types.LONGEST_TEXT)
            elif known in (data_types.ARRAY, data_types.OBJECT):
                column["type"] = known.name.lower()
    return columns


def _row_type(described: list[Any]) -> list[ColumnInfo]:
    return describe_as_rowtype(
        [
            (name, "BIGINT" if kind in _INTEGERS else "DOUBLE" if kind == "FLOAT" else kind, *rest)
            for name, kind, *rest in described
        ]
    )


def wire_table(table: pa.Table, columns: list[ColumnInfo]) -> pa.Table:
    """Make the Arrow table that Snowflake's clients read. A NULL timestamp stays NULL."""
    table = _show_variants(table, columns)
    offsets: dict[int, Any] = {}
    for position, (column, info) in enumerate(zip(table.columns, columns, strict=True)):
        kind = column.type
        if info["type"] == "timestamp_tz" and pa.types.is_struct(kind):
            struct = column.combine_chunks()
            at, minutes = (pc.struct_field(struct, [i]) for i in range(2))
            offsets[position] = pc.add(pc.fill_null(minutes, 0), 1440).cast(pa.int32())
            table = table.set_column(position, table.schema.names[position], at)
        elif pa.types.is_timestamp(kind) and kind.tz:
            plain = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
            table = table.set_column(position, table.schema.names[position], plain)
    converted = _masked(table, columns)
    for position, zones in offsets.items():
        converted = _with_offsets(converted, position, zones)
    return converted


def _with_offsets(table: pa.Table, position: int, zones: pa.Array) -> pa.Table:
    """Add the offsets to a column of TIMESTAMP_TZs, which has only the times."""
    field = table.schema.field(position)
    structs = _plain(table.column(position))
    fields = [
        *(field.type.field(i) for i in range(2)),
        pa.field("timezone", pa.int32(), nullable=False),
    ]
    made = pa.StructArray.from_arrays(
        [pc.fill_null(structs.field(i), 0) for i in range(2)] + [_plain(zones)],
        fields=fields,
        mask=_plain(pc.is_null(structs)),
    )
    return table.set_column(position, field.with_type(made.type), made)


def _masked(table: pa.Table, columns: list[ColumnInfo]) -> pa.Table:
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


def _show_variants(table: pa.Table, columns: list[ColumnInfo]) -> pa.Table:
    """Write VARIANTs as clients see them: over several lines, keys in order."""
    for position, column in enumerate(columns):
        if column["type"] in _NESTED:
            shown = [
                None if text is None else json_values.shown(json_values.stored(text), 2)
                for text in table.column(position).to_pylist()
            ]
            name = table.schema.field(position).name
            table = table.set_column(position, name, pa.array(shown, pa.string()))
    return table
