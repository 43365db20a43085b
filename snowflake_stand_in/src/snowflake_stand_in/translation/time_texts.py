"""Dates and times of texts, numbers and VARIANTs, and as texts."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from snowflake_stand_in.sql import refusals, time_formats
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.parameters import output_format
from snowflake_stand_in.translation.time_values import (
    DATE,
    EPOCH,
    LTZ,
    NTZ,
    TIME,
    TIMESTAMPS,
    TZ,
    Value,
    call,
    cast,
    cut,
    kind_of,
    known,
    moved,
    no_such,
    text,
    wall,
)

_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?")


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
            return cast(exp.null(), target)
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
            raise no_such(value, "a time")
        case "DATE" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ":
            return moved(value, target)
    raise no_such(value, target)


def _of_utc(node: exp.Expr, target: str) -> exp.Expr:
    made = call("TIMEZONE", text("UTC"), node)
    return made if target == LTZ else call("_FT_TZ_OF_LTZ", made)


def assigned(node: exp.Expr, duckdb: str, target: str, settings: Mapping[str, str]) -> exp.Expr:
    """Convert a value to the type of a column that it is written to."""
    value = Value(node.copy(), kind_of(duckdb), duckdb)
    return converted([value], {"target": target, "settings": settings})


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
        made = cast(made, target) if target in (DATE, TIME) else made
    if trying:
        return known(made, target)
    mark = text(_MARKS[target] if auto else f"{_MARKS[target]}:{form}")
    unread = call("_FT_UNREAD", mark, node)
    if target != NTZ:
        unread = cast(unread, target)
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
    return known(cast(text(str(plain)), target), target)


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
    at: exp.Expr = exp.Add(this=EPOCH.copy(), expression=value.node.copy())
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
