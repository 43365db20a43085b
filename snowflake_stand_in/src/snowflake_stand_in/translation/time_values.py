"""Dates and times as values: their types in DuckDB, and casts between them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlglot import exp

from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.time_macros import TZ_TYPE

DATE, TIME, NTZ, LTZ, TZ = "DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"
TIMESTAMPS = (NTZ, LTZ, TZ)
ALL = (DATE, TIME, *TIMESTAMPS)
_DUCKDB = {
    DATE: "DATE",
    TIME: "TIME",
    NTZ: "TIMESTAMP",
    LTZ: "TIMESTAMP WITH TIME ZONE",
    TZ: TZ_TYPE,
}
_KINDS = {duckdb: kind for kind, duckdb in _DUCKDB.items()} | {
    "TIMESTAMP_NS": NTZ,
    "TIMESTAMP_MS": NTZ,
    "TIMESTAMP_S": NTZ,
    "VARCHAR": "TEXT",
    "JSON": "VARIANT",
    "NULL": "NULL",
}
_FORM = "YYYY-MM-DD HH24:MI:SS.FF6"
EPOCH = exp.cast(exp.Literal.string("1970-01-01"), "date")


class Value(NamedTuple):
    """An expression of a known type: one of the five, TEXT, VARIANT, NUMBER or another."""

    node: exp.Expr
    kind: str
    duckdb: str = ""


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Make a call of a function or macro."""
    return exp.Anonymous(this=name, expressions=[a.copy() for a in arguments])


def known(node: exp.Expr, kind: str) -> exp.Expr:
    """Note an expression's type, so that nobody has to ask for it."""
    for noted in (node, node.unnest()):
        noted.meta["duckdb"] = _DUCKDB.get(kind, kind)
    return node


def kind_of(duckdb: str) -> str:
    """Return what a DuckDB type is here."""
    if duckdb in _KINDS:
        return _KINDS[duckdb]
    if duckdb.startswith("DECIMAL") or duckdb in ("DOUBLE", "FLOAT") or duckdb.endswith("INT"):
        return "NUMBER"
    return "NUMBER" if duckdb == "INTEGER" else duckdb


def type_of(value: Any) -> str | None:
    """Return the DuckDB type of a bound value."""
    match value:
        case datetime.datetime():
            return _DUCKDB[NTZ if value.tzinfo is None else LTZ]
        case dict():
            return TZ_TYPE
        case datetime.date():
            return "DATE"
        case datetime.time():
            return "TIME"
        case str():
            return "VARCHAR"
        case bool():
            return "BOOLEAN"
        case int():
            return "BIGINT"
        case float():
            return "DOUBLE"
        case Decimal():
            exponent = value.as_tuple().exponent
            return f"DECIMAL(38,{-exponent if isinstance(exponent, int) else 0})"
    return None


def data_type(kind: str) -> exp.DataType:
    """Return the type of a column."""
    built = exp.DataType.build(_DUCKDB[kind], dialect="duckdb")
    for identifier in built.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return built


def literal(value: Any) -> exp.Expr:
    """Write a date or time as a call that no parameter changes."""
    match value:
        case dict():
            offset = datetime.timedelta(minutes=value["zone_minutes"])
            at = value["utc"].replace(tzinfo=datetime.UTC)
            zoned = at.astimezone(datetime.timezone(offset))
            name, form = "TO_TIMESTAMP_TZ", f"{_FORM} TZHTZM"
            written = zoned.strftime("%Y-%m-%d %H:%M:%S.%f %z")
        case datetime.datetime() if value.tzinfo is not None:
            name, form = "TO_TIMESTAMP_LTZ", f"{_FORM} TZHTZM"
            written = value.strftime("%Y-%m-%d %H:%M:%S.%f %z")
        case datetime.datetime():
            name, form = "TO_TIMESTAMP_NTZ", _FORM
            written = value.strftime("%Y-%m-%d %H:%M:%S.%f")
        case datetime.time():
            name, form, written = "TO_TIME", "HH24:MI:SS.FF6", value.strftime("%H:%M:%S.%f")
        case _:
            name, form, written = "TO_DATE", "YYYY-MM-DD", value.strftime("%Y-%m-%d")
    return call(name, text(written), text(form))


def cast(node: exp.Expr, kind: str) -> exp.Expr:
    """Cast in DuckDB."""
    return exp.Cast(this=node.copy(), to=data_type(kind))


def text(content: str) -> exp.Expr:
    """Make a text constant."""
    return exp.Literal.string(content)


# From one type to another


def wall(value: Value) -> exp.Expr:
    """Return a DATE's or timestamp's time on the wall, where it is, without a zone."""
    match value.kind:
        case "TIMESTAMP_NTZ":
            return value.node.copy()
        case "DATE" | "TIMESTAMP_LTZ":
            return cast(value.node, NTZ)
        case "TIMESTAMP_TZ":
            return call("_FT_TZ_WALL", value.node)
    raise no_such(value, "a timestamp")


def instant(value: Value) -> exp.Expr:
    """Return a DATE or timestamp as a TIMESTAMP_LTZ."""
    match value.kind:
        case "TIMESTAMP_LTZ":
            return value.node.copy()
        case "TIMESTAMP_TZ":
            return call("_FT_TZ_INSTANT", value.node)
    return cast(wall(value), LTZ)


def rebuilt(changed: exp.Expr, value: Value) -> exp.Expr:
    """Make of a changed time on the wall what `value` was."""
    if value.kind == TZ:
        return known(call("_FT_TZ_MOVED", changed, value.node), TZ)
    return known(cast(changed, value.kind), value.kind)


def in_utc(value: Value) -> exp.Expr:
    """Return the time on the wall in UTC; a TIMESTAMP_NTZ is taken as it is."""
    if value.kind in (LTZ, TZ):
        return call("TIMEZONE", text("UTC"), instant(value))
    return wall(value)


def moved(value: Value, target: str) -> exp.Expr:
    """Convert a DATE or timestamp to another of these types, or to a TIME."""
    if value.kind == target:
        return known(value.node.copy(), target)
    if target == TZ:
        return known(call("_FT_TZ_OF_LTZ", instant(value)), TZ)
    if target == LTZ:
        return known(instant(value), LTZ)
    return known(cast(wall(value), target), target)


def cut(node: exp.Expr, kind: str, digits: int) -> exp.Expr:
    """Cut the fraction of a second to a type's digits."""
    if digits >= 6 or kind == DATE:
        return node
    value, step = Value(node, kind), exp.Literal.number(10 ** (6 - digits))
    at = exp.Add(this=EPOCH.copy(), expression=node) if kind == TIME else node
    rest = call("_FT_FRACTION", wall(value) if kind == TZ else at, step)
    if kind == TZ:
        return rebuilt(exp.paren(exp.Sub(this=wall(value), expression=rest)), value)
    return exp.paren(exp.Sub(this=node.copy(), expression=rest))


def cast_target(node: exp.Expr) -> str | None:
    """Return what a cast of DuckDB's, as fakesnow makes them for CREATE TABLE AS, is to."""
    if type(node) is not exp.Cast or node.meta_get("duckdb"):
        return None
    return _TARGETS.get(node.to.this) or (TZ if node.to == data_type(TZ) else None)


_TARGETS = {
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMESTAMP: NTZ,
    exp.DType.TIMESTAMPTZ: LTZ,
}


def no_such(value: Value, wanted: str) -> Exception:
    """Make the error of a value that can't be what is wanted."""
    found = value.duckdb or value.kind
    return compilation(1065, f"Function cannot be used with arguments of type {found} for {wanted}")
