"""Snowflake's data types: how they are written, and what comes of them in arithmetic."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlglot import exp

from snowflake_stand_in.sql.time_macros import TZ_TYPE

MOST_DIGITS = 38
LONGEST_TEXT = 16_777_216
LONGEST_BINARY = 8_388_608


class Type(NamedTuple):
    """A type with its precision and scale (NUMBER), length (VARCHAR), or digits of seconds."""

    name: str
    precision: int = 0
    scale: int = 0
    length: int = 0

    def __str__(self) -> str:
        """Write the type as DESCRIBE does."""
        if self.name == "NUMBER":
            return f"NUMBER({self.precision},{self.scale})"
        if self.name in ("VARCHAR", "BINARY"):
            return f"{self.name}({self.length})"
        return f"{self.name}({self.scale})" if self.name.startswith("TIME") else self.name

    @property
    def leading(self) -> int:
        """Digits of a NUMBER left of the point."""
        return self.precision - self.scale


def number(precision: int, scale: int = 0) -> Type:
    """Return a NUMBER: of 38 digits, if it were wider."""
    return Type("NUMBER", precision=min(precision, MOST_DIGITS), scale=scale)


def text(length: int = LONGEST_TEXT) -> Type:
    """Return a VARCHAR: of the default length, if it were longer."""
    return Type("VARCHAR", length=min(length, LONGEST_TEXT))


def timestamp(kind: str) -> Type:
    """Return TIMESTAMP_NTZ, _LTZ or _TZ with Snowflake's nine digits."""
    return Type(f"TIMESTAMP_{kind}", scale=9)


FLOAT, BOOLEAN, DATE = Type("FLOAT"), Type("BOOLEAN"), Type("DATE")
VARIANT, OBJECT, ARRAY = Type("VARIANT"), Type("OBJECT"), Type("ARRAY")
TIME = Type("TIME", scale=9)
NULL = Type("NULL")

# TIMESTAMP alone is what TIMESTAMP_TYPE_MAPPING says: DuckDB's type tells
_TIMES = {
    exp.DType.TIMESTAMPNTZ: "NTZ",
    exp.DType.DATETIME: "NTZ",
    exp.DType.TIMESTAMPLTZ: "LTZ",
    exp.DType.TIMESTAMPTZ: "TZ",
}
_PLAIN = {
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.FLOAT: FLOAT,
    exp.DType.DOUBLE: FLOAT,
    exp.DType.VARIANT: VARIANT,
    exp.DType.JSON: VARIANT,
    exp.DType.OBJECT: OBJECT,
    exp.DType.ARRAY: ARRAY,
}
_ONE_CHARACTER = (exp.DType.CHAR, exp.DType.NCHAR)


def declared(kind: exp.DataType) -> Type | None:
    """Return the type that DDL or a cast names, None if it is none of Snowflake's known here."""
    sizes = [int(size.name) for size in kind.expressions if size.name.isdigit()]
    match kind.this:
        case exp.DType.DECIMAL:
            return number(*(sizes or [MOST_DIGITS]))
        case of if of in exp.DataType.INTEGER_TYPES:
            return number(MOST_DIGITS)
        case of if of in exp.DataType.TEXT_TYPES:
            return text(*(sizes or [1 if of in _ONE_CHARACTER else LONGEST_TEXT]))
        case exp.DType.BINARY | exp.DType.VARBINARY:
            return Type("BINARY", length=sizes[0] if sizes else LONGEST_BINARY)
        case of if of in _TIMES:
            return timestamp(_TIMES[of])._replace(scale=sizes[0] if sizes else 9)
        case of:
            return _PLAIN.get(of)


_OF_DUCKDB = {
    "BOOLEAN": BOOLEAN,
    "DATE": DATE,
    "DOUBLE": FLOAT,
    "FLOAT": FLOAT,
    "JSON": VARIANT,
    "TIME": TIME,
    "TIMESTAMP": timestamp("NTZ"),
    "TIMESTAMP_NS": timestamp("NTZ"),
    "TIMESTAMP WITH TIME ZONE": timestamp("LTZ"),
    TZ_TYPE: timestamp("TZ"),
    "VARCHAR": text(),
    "BLOB": Type("BINARY", length=LONGEST_BINARY),
}


def of_duckdb(kind: str) -> Type | None:
    """Return the widest type of Snowflake's that a DuckDB type stands for."""
    if decimal := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind):
        return number(int(decimal[1]), int(decimal[2]))
    return (
        number(MOST_DIGITS) if kind.endswith("INT") or kind == "INTEGER" else _OF_DUCKDB.get(kind)
    )


def narrowed(stored: Type | None, inferred: Type | None) -> Type | None:
    """Return what is inferred of a column if DuckDB's values are of that kind and scale."""
    if stored is None or inferred is None:
        return stored
    if stored == VARIANT:
        return inferred if inferred in (VARIANT, OBJECT, ARRAY) else stored
    same = stored.name == inferred.name and (
        stored.name != "NUMBER" or stored.scale == inferred.scale
    )
    return inferred if same else stored


def added(a: Type, b: Type) -> Type:
    """Return the type of a + b and a - b (Snowflake's reference, "Arithmetic operators")."""
    scale = max(a.scale, b.scale)
    return number(max(a.leading, b.leading) + 1 + scale, scale)


def multiplied(a: Type, b: Type) -> Type:
    """Return the type of a * b (as above)."""
    scale = min(a.scale + b.scale, max(a.scale, b.scale, 12))
    return number(a.leading + b.leading + scale, scale)


def divided(a: Type, b: Type) -> Type:
    """Return the type of a / b (as above)."""
    scale = max(a.scale, min(a.scale + 6, 12))
    return number(a.leading + b.scale + scale, scale)


def summed(a: Type) -> Type:
    """Return the type of SUM: twelve digits more. From memory: no page of the reference says it."""
    return number(a.precision + 12, a.scale)


def rounded(a: Type, scale: int) -> Type:
    """Return the type of ROUND, TRUNC, CEIL and FLOOR to a scale. From memory, as for SUM."""
    return a if scale >= a.scale else number(a.precision + 1, max(scale, 0))


_TIMESTAMPS = ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")


def common(a: Type | None, b: Type | None) -> Type | None:
    """Return the type that holds both, as COALESCE, CASE and UNION give it; None if unknown."""
    if a is None or b is None:
        return None
    if NULL in (a, b):
        return b if a == NULL else a
    names = {a.name, b.name}
    if names == {"NUMBER"}:
        scale = max(a.scale, b.scale)
        return number(max(a.leading, b.leading) + scale, scale)
    if names == {"VARCHAR"}:
        return text(max(a.length, b.length))
    if names == {"NUMBER", "FLOAT"}:
        return FLOAT
    if "VARIANT" in names:
        return VARIANT
    if names <= {"DATE", *_TIMESTAMPS}:
        return a if a.name in _TIMESTAMPS else b
    return a if a.name == b.name else None
