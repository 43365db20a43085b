"""Dates and times as values: their types in DuckDB, casts between them, texts read and written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlglot import exp

from snowflake_stand_in.sql import refusals, time_formats
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.parameters import output_format
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
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?")
_FORM = "YYYY-MM-DD HH24:MI:SS.FF6"
_EPOCH = exp.cast(exp.Literal.string("1970-01-01"), "date")


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


def _cast(node: exp.Expr, kind: str) -> exp.Expr:
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
            return _cast(value.node, NTZ)
        case "TIMESTAMP_TZ":
            return call("_FT_TZ_WALL", value.node)
    raise _no_such(value, "a timestamp")


def instant(value: Value) -> exp.Expr:
    """Return a DATE or timestamp as a TIMESTAMP_LTZ."""
    match value.kind:
        case "TIMESTAMP_LTZ":
            return value.node.copy()
        case "TIMESTAMP_TZ":
            return call("_FT_TZ_INSTANT", value.node)
    return _cast(wall(value), LTZ)


def rebuilt(changed: exp.Expr, value: Value) -> exp.Expr:
    """Make of a changed time on the wall what `value` was."""
    if value.kind == TZ:
        return known(call("_FT_TZ_MOVED", changed, value.node), TZ)
    return known(_cast(changed, value.kind), value.kind)


def in_utc(value: Value) -> exp.Expr:
    """Return the time on the wall in UTC; a TIMESTAMP_NTZ is taken as it is."""
    if value.kind in (LTZ, TZ):
        return call("TIMEZONE", text("UTC"), instant(value))
    return wall(value)


def converted(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Convert a value of any type to a date or time."""
    (value,), target = values, str(options["target"])
    mode, option = options.get("mode", ""), options.get("option")
    if mode == "TRY_CAST" and value.kind not in ("TEXT", "NULL"):
        raise compilation(
            1065,
            f"Function TRY_CAST cannot be used with arguments of types {value.kind} and {target}",
        )
    made = _converted(value, target, mode, option, options["settings"])
    return known(cut(made, target, int(options.get("digits", 9))), target)


def _converted(
    value: Value, target: str, mode: str, option: str | int | None, settings: Mapping[str, str]
) -> exp.Expr:
    match value.kind:
        case "NULL":
            return _cast(exp.null(), target)
        case "TEXT":
            form = None if option is None else str(option)
            return read(value.node, target, settings, form=form, trying=bool(mode))
        case "VARIANT":
            return _of_variant(value.node, target, settings, trying=bool(mode))
        case "NUMBER" if target in TIMESTAMPS:
            scale = exp.Literal.number(int(option or 0))
            made = call("_FT_EPOCH", value.node, scale)
            return made if target == NTZ else _of_utc(made, target)
        case "TIME" if target == TIME:
            return value.node.copy()
        case "DATE" if target == TIME:
            raise _no_such(value, "a time")
        case "DATE" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ":
            return moved(value, target)
    raise _no_such(value, target)


def moved(value: Value, target: str) -> exp.Expr:
    """Convert a DATE or timestamp to another of these types, or to a TIME."""
    if value.kind == target:
        return known(value.node.copy(), target)
    if target == TZ:
        return known(call("_FT_TZ_OF_LTZ", instant(value)), TZ)
    if target == LTZ:
        return known(instant(value), LTZ)
    return known(_cast(wall(value), target), target)


def _of_utc(node: exp.Expr, target: str) -> exp.Expr:
    made = call("TIMEZONE", text("UTC"), node)
    return made if target == LTZ else call("_FT_TZ_OF_LTZ", made)


def cut(node: exp.Expr, kind: str, digits: int) -> exp.Expr:
    """Cut the fraction of a second to a type's digits."""
    if digits >= 6 or kind == DATE:
        return node
    value, step = Value(node, kind), exp.Literal.number(10 ** (6 - digits))
    at = exp.Add(this=_EPOCH.copy(), expression=node) if kind == TIME else node
    rest = call("_FT_FRACTION", wall(value) if kind == TZ else at, step)
    if kind == TZ:
        return rebuilt(exp.paren(exp.Sub(this=wall(value), expression=rest)), value)
    return exp.paren(exp.Sub(this=node.copy(), expression=rest))


def cast_target(node: exp.Expr) -> str | None:
    """Return what a cast of DuckDB's, as fakesnow makes them for CREATE TABLE AS, is to."""
    if type(node) is not exp.Cast or "duckdb" in node.meta:
        return None
    return _TARGETS.get(node.to.this) or (TZ if node.to == data_type(TZ) else None)


def assigned(node: exp.Expr, duckdb: str, target: str, settings: Mapping[str, str]) -> exp.Expr:
    """Convert a value to the type of a column that it is written to."""
    value = Value(node.copy(), kind_of(duckdb), duckdb)
    return converted([value], {"target": target, "settings": settings})


_TARGETS = {
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMESTAMP: NTZ,
    exp.DType.TIMESTAMPTZ: LTZ,
}

# Texts

_READERS = {NTZ: "NTZ", LTZ: "LTZ", DATE: "DATE", TIME: "TIME"}
_MARKS = {DATE: "date", TIME: "time", NTZ: "timestamp", LTZ: "timestamp", TZ: "timestamp"}


def read(
    node: exp.Expr,
    target: str,
    settings: Mapping[str, str],
    *,
    form: str | None = None,
    trying: bool = False,
) -> exp.Expr:
    """Read a text by a format, or by the session's; what is none is an error, or NULL."""
    if form is None:
        form = settings[f"{'TIMESTAMP' if target in TIMESTAMPS else target}_INPUT_FORMAT"]
    auto = form.upper() == "AUTO"
    if target == TZ:
        at = read(node, LTZ, settings, form=form, trying=trying)
        zone = call("_FT_ZONE_OF_TEXT", node) if auto else _zone_read(node, form)
        return known(call("_FT_TZ_ZONED", at, zone), TZ)
    if auto and target in (DATE, NTZ) and (simple := _constant(node, target)) is not None:
        return simple
    if auto:
        made = call(f"_FT_{_READERS[target]}_OF_TEXT", node)
    else:
        parts = _parts(node, form, settings["TWO_DIGIT_CENTURY_START"])
        reader = "NTZ" if target in (DATE, TIME) else _READERS[target]
        made = call(f"_FT_{reader}_OF_PARTS", parts)
        made = _cast(made, target) if target in (DATE, TIME) else made
    if trying:
        return known(made, target)
    mark = text(_MARKS[target] if auto else f"{_MARKS[target]}:{form}")
    unread = call("_FT_UNREAD", mark, node)
    if target != NTZ:
        unread = _cast(unread, target)
    return known(exp.Coalesce(this=made, expressions=[unread]), target)


def _parts(node: exp.Expr, form: str, century: str = "1970") -> exp.Expr:
    """Take a text apart by a format."""
    parsed = time_formats.reading(form)
    order = text(parsed.rewritten.replace("~", f"~{century}~"))
    return call("_FT_PARTS", node, text(parsed.pattern), order)


def _zone_read(node: exp.Expr, form: str) -> exp.Expr:
    return call("_FT_ZONE_OF_PARTS", _parts(node, form))


def _constant(node: exp.Expr, target: str) -> exp.Expr | None:
    """Return a constant in its usual form as DuckDB's."""
    if not isinstance(node, exp.Literal) or not _ISO.fullmatch(node.name):
        return None
    try:
        found = datetime.datetime.fromisoformat(node.name)
    except ValueError:
        return None
    plain = found.date() if target == DATE else found
    return known(_cast(text(str(plain)), target), target)


def _of_variant(
    node: exp.Expr, target: str, settings: Mapping[str, str], *, trying: bool
) -> exp.Expr:
    """Convert what is in a VARIANT: a text, or a number that counts by its size."""
    found = read(call("_FT_TEXT_IN", node), target, settings, form="AUTO", trying=trying)
    if target not in TIMESTAMPS:
        return found
    number = call("_FT_LTZ_OF_TEXT", call("_FT_NUMBER_IN", node))
    return exp.Coalesce(this=found, expressions=[moved(Value(number, LTZ), target)])


def written(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Write a date or time by a format, TO_CHAR's."""
    (value,) = values
    if value.kind == "NULL":
        return known(_cast_text(exp.null()), "VARCHAR")
    if value.kind not in (DATE, TIME, *TIMESTAMPS):
        raise refusals.refused("result format")
    return write(value, str(options["format"]))


def written_plainly(value: Value, settings: Mapping[str, str]) -> exp.Expr:
    """Write a date or time in the session's format."""
    return write(value, output_format(settings, value.kind))


_CODES = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "MON": "%b",
    "MMMM": "%B",
    "DD": "%d",
    "DY": "%a",
    "HH24": "%H",
    "HH": "%H",
    "HH12": "%I",
    "AM": "%p",
    "PM": "%p",
    "MI": "%M",
    "SS": "%S",
    # DuckDB's %n is of another length, and leaves what was there before
    "FF9": "%f000",
    "FF8": "%f00",
    "FF7": "%f0",
    "FF6": "%f",
    "FF3": "%g",
}
_NUMBERS = {"MO": "MONTH", "D": "DAY", "H24": "HOUR", "H": "HOUR", "ME": "MINUTE", "S": "SECOND"}
_OF_DATES = ("YYYY", "YY", "Y", "MM", "MO", "MON", "MMMM", "DD", "D", "DY")
_ZONES = {"TZH:TZM": ":", "TZHTZM": "", "TZH": ""}


def write(value: Value, form: str) -> exp.Expr:
    """Write a date or time by a format."""
    parsed = time_formats.tokens(form)
    names = [token.text for token in parsed if token.is_element]
    if value.kind == TIME and any(name in (*_OF_DATES, *_ZONES) for name in names):
        raise refusals.refused("time format")
    at: exp.Expr = exp.Add(this=_EPOCH.copy(), expression=value.node.copy())
    at = at if value.kind == TIME else wall(value)
    pieces: list[str | exp.Expr] = []
    for token in parsed:
        if not token.is_element:
            pieces.append(token.text.replace("%", "%%"))
        elif token.text in _CODES:
            pieces.append(_CODES[token.text])
        else:
            pieces.append(_piece(token.text, value, at))
    return known(_joined(pieces, at), "VARCHAR")


def _piece(element: str, value: Value, at: exp.Expr) -> exp.Expr:
    if element in _ZONES:
        return _zone(element, value)
    if element in _NUMBERS:
        return _cast_text(call(_NUMBERS[element], at))
    match element:
        case "FF0":
            raise refusals.refused("time format")
        case "Y":
            year = call("YEAR", at)
            return _cast_text(exp.Mod(this=year, expression=exp.Literal.number(100)))
        case "H12":
            return call("LTRIM", call("STRFTIME", at, text("%I")), text("0"))
        case "P":
            return call("LEFT", call("STRFTIME", at, text("%p")), exp.Literal.number(1))
    digits = exp.Literal.number(int(element[2:]))
    return call("LEFT", call("STRFTIME", at, text("%f")), digits)


def _zone(element: str, value: Value) -> exp.Expr:
    if value.kind in (DATE, NTZ):
        return text("Z")
    if value.kind == TZ:
        minutes = call("STRUCT_EXTRACT", value.node, text("zone_minutes"))
    else:
        minutes = call("_FT_OFFSET", value.node)
    made = call("_FT_SIGN_TEXT", minutes, text(_ZONES[element]))
    return call("LEFT", made, exp.Literal.number(3)) if element == "TZH" else made


def _joined(pieces: list[str | exp.Expr], at: exp.Expr) -> exp.Expr:
    made: list[exp.Expr] = []
    plain = ""
    for piece in [*pieces, None]:
        if isinstance(piece, str):
            plain += piece
            continue
        if plain:
            made.append(call("STRFTIME", at, text(plain)))
            plain = ""
        if piece is not None:
            made.append(piece)
    if not made:
        return call("STRFTIME", at, text(""))
    joined = made[0]
    for piece_node in made[1:]:
        joined = exp.DPipe(this=joined, expression=piece_node)
    return exp.paren(joined) if len(made) > 1 else joined


def _cast_text(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node, to=exp.DataType.build("text", dialect="duckdb"))


def _no_such(value: Value, wanted: str) -> Exception:
    found = value.duckdb or value.kind
    return compilation(1065, f"Function cannot be used with arguments of type {found} for {wanted}")
