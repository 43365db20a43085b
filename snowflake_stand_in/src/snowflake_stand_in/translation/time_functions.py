"""What is computed of dates and times: DATEADD, DATEDIFF, DATE_TRUNC, parts and the like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from snowflake_stand_in.sql import parameters, refusals
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.translation import time_texts, time_values
from snowflake_stand_in.translation.time_parts import DAYS, MOVABLE, TIMES, one_of
from snowflake_stand_in.translation.time_values import (
    DATE,
    LTZ,
    NTZ,
    TIME,
    TIMESTAMPS,
    TZ,
    Value,
    call,
    instant,
    known,
    rebuilt,
    text,
    wall,
)

_BIGINT = exp.DataType.build("bigint", dialect="duckdb")
_EPOCH = exp.cast(text("1970-01-01"), "date")


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _whole(node: exp.Expr) -> exp.Expr:
    return known(exp.Cast(this=node, to=_BIGINT.copy()), "BIGINT")


def _first_day(options: Mapping[str, Any]) -> exp.Expr:
    """Return the day on which weeks begin, Monday being 1."""
    return _number(int(options["settings"]["WEEK_START"]) or 1)


def _of_text(value: Value, options: Mapping[str, Any]) -> Value:
    """Read a text, which DATEADD and DATEDIFF take, as what TIMESTAMP stands for."""
    if value.kind != "TEXT":
        return value
    settings = options["settings"]
    target = settings["TIMESTAMP_TYPE_MAPPING"]
    return Value(time_texts.read(value.node, target, settings), target)


def _of_nothing(value: Value) -> Value:
    """Take a NULL without a type for a timestamp."""
    return Value(exp.cast(exp.null(), "timestamp"), NTZ) if value.kind == "NULL" else value


def _wanted(value: Value, *kinds: str) -> None:
    if value.kind == "TEXT" or value.kind == "VARIANT":
        raise refusals.refused("time of text")
    if value.kind not in kinds:
        raise compilation(
            1044, f"Invalid argument types for a function of dates and times: ({value.duckdb})"
        )


# DATEADD

_MOVES = {
    "YEAR": ("TO_YEARS", 1),
    "QUARTER": ("TO_MONTHS", 3),
    "MONTH": ("TO_MONTHS", 1),
    "WEEK": ("TO_DAYS", 7),
    "DAY": ("TO_DAYS", 1),
    "HOUR": ("TO_HOURS", 1),
    "MINUTE": ("TO_MINUTES", 1),
    "SECOND": ("TO_SECONDS", 1),
    "MILLISECOND": ("TO_MICROSECONDS", 1000),
    "MICROSECOND": ("TO_MICROSECONDS", 1),
}


def added(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Add a number of units; a fraction is rounded."""
    value = _of_nothing(_of_text(values[0], options))
    unit = options["unit"]
    one_of(unit, MOVABLE, "DATEADD")
    _wanted(value, DATE, TIME, *TIMESTAMPS)
    interval = _interval(values[1], unit)
    if value.kind == TIME:
        one_of(unit, TIMES, "DATEADD of a TIME")
        return known(exp.Add(this=value.node, expression=interval), TIME)
    if value.kind == DATE:
        moved = exp.paren(exp.Add(this=value.node, expression=interval))
        kind = DATE if unit in DAYS else NTZ
        return known(exp.cast(moved, "date" if kind == DATE else "timestamp"), kind)
    if value.kind == TZ:
        return rebuilt(exp.paren(exp.Add(this=wall(value), expression=interval)), value)
    return known(exp.paren(exp.Add(this=value.node, expression=interval)), value.kind)


def _interval(count: Value, unit: str) -> exp.Expr:
    node = count.node
    if count.kind == "TEXT":
        node = exp.cast(node, "double")
    elif count.kind == "NULL":
        node = exp.cast(exp.null(), "bigint")
    if unit == "NANOSECOND":
        return call("TO_MICROSECONDS", call("_FT_MICROS", node))
    name, factor = _MOVES[unit]
    whole: exp.Expr = call("_FT_WHOLE", node)
    if factor != 1:
        whole = exp.Mul(this=whole, expression=_number(factor))
    narrow = name in ("TO_YEARS", "TO_MONTHS", "TO_DAYS")
    return call(name, exp.cast(exp.paren(whole), "int") if narrow else exp.paren(whole))


# DATEDIFF


def difference(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Count the boundaries of a unit from the first value to the second."""
    first, second = (_of_nothing(_of_text(value, options)) for value in values)
    unit = options["unit"]
    one_of(unit, MOVABLE, "DATEDIFF")
    for value in (first, second):
        _wanted(value, DATE, TIME, *TIMESTAMPS)
    if TIME in (first.kind, second.kind):
        if first.kind != second.kind:
            raise compilation(1044, "Invalid argument types for function 'DATEDIFF'")
        one_of(unit, TIMES, "DATEDIFF of TIMEs")
        return _counted(unit, _on_epoch(first), _on_epoch(second))
    zoned = {first.kind, second.kind} & {LTZ, TZ}
    if unit in TIMES and zoned:
        sides = [call("TIMEZONE", text("UTC"), instant(value)) for value in (first, second)]
        return _counted(unit, *sides)
    if TZ in zoned:
        raise refusals.refused("offset difference")
    if unit == "WEEK":
        start = _first_day(options)
        weeks = [call("_FT_WEEK_START", wall(v), start) for v in (second, first)]
        days = exp.paren(exp.Sub(this=weeks[0], expression=weeks[1]))
        return _whole(exp.IntDiv(this=days, expression=_number(7)))
    return _counted(unit, wall(first), wall(second))


def _on_epoch(value: Value) -> exp.Expr:
    return exp.paren(exp.Add(this=_EPOCH.copy(), expression=value.node))


def _counted(unit: str, first: exp.Expr, second: exp.Expr) -> exp.Expr:
    if unit == "NANOSECOND":
        micros = call("DATE_DIFF", text("microsecond"), first, second)
        return _whole(exp.Mul(this=micros, expression=_number(1000)))
    return _whole(call("DATE_DIFF", text(unit.lower()), first, second))


# DATE_TRUNC, TIME_SLICE and days


def truncated(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Truncate to a unit; the type stays."""
    (value,), unit = _all_of_nothing(values), options["unit"]
    one_of(unit, (*MOVABLE, "WEEK_ISO", "YEAROFWEEKISO"), "DATE_TRUNC")
    _wanted(value, DATE, TIME, *TIMESTAMPS)
    if value.kind == TIME:
        one_of(unit, TIMES, "DATE_TRUNC of a TIME")
        if unit == "NANOSECOND":
            return known(value.node, TIME)
        return known(exp.cast(call("DATE_TRUNC", text(unit), _on_epoch(value)), "time"), TIME)
    if unit == "NANOSECOND" or (value.kind == DATE and unit in (*TIMES, "DAY")):
        return known(value.node, value.kind)
    if value.kind == LTZ and unit in TIMES:
        return known(call("DATE_TRUNC", text(unit), value.node), LTZ)
    return rebuilt(_start(unit, wall(value), options), value)


def _start(unit: str, at: exp.Expr, options: Mapping[str, Any]) -> exp.Expr:
    if unit in ("WEEK", "WEEK_ISO"):
        first = _first_day(options) if unit == "WEEK" else _number(1)
        return call("_FT_WEEK_START", at, first)
    return call("DATE_TRUNC", text({"YEAROFWEEKISO": "isoyear"}.get(unit, unit.lower())), at)


def _all_of_nothing(values: list[Value]) -> list[Value]:
    """Take NULLs without a type for timestamps."""
    return [_of_nothing(value) for value in values]


_SLICES = {"YEAR": 12, "QUARTER": 3, "MONTH": 1, "WEEK": 7, "DAY": 1}
_SECONDS = {"HOUR": 3600, "MINUTE": 60, "SECOND": 1}


def sliced(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Return the start or end of the slice that a time is in; slices begin in 1970."""
    value, length = _of_nothing(values[0]), values[1].node
    unit = options["unit"]
    one_of(unit, (*_SLICES, *(() if value.kind == DATE else _SECONDS)), "TIME_SLICE")
    _wanted(value, DATE, NTZ)
    count: exp.Expr = exp.Mul(
        this=exp.paren(length), expression=_number((_SLICES | _SECONDS)[unit])
    )
    if unit in _SECONDS:
        start = call("_FT_SLICE_SECONDS", value.node, count)
    elif unit in ("WEEK", "DAY"):
        origin = call("_FT_WEEK_START", _EPOCH, _first_day(options))
        start = call("_FT_SLICE_DAYS", value.node, count, origin if unit == "WEEK" else _EPOCH)
    else:
        start = call("_FT_SLICE_MONTHS", value.node, count)
    if options["end"]:
        start = exp.Add(this=start, expression=_interval(Value(length, "NUMBER"), unit))
    return rebuilt(exp.paren(start), value)


def last_day(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Return the last day of a month, or of another part, as a DATE."""
    (value,), unit = _all_of_nothing(values), options["unit"]
    one_of(unit, (*DAYS, "WEEK_ISO", "YEAROFWEEKISO"), "LAST_DAY")
    _wanted(value, DATE, *TIMESTAMPS)
    if unit == "MONTH":
        return known(call("LAST_DAY", wall(value)), DATE)
    step = {"WEEK_ISO": "WEEK", "YEAROFWEEKISO": "YEAR"}.get(unit, unit)
    if unit == "YEAROFWEEKISO":
        raise unsupported("LAST_DAY of YEAROFWEEKISO")
    start = exp.cast(_start(unit, wall(value), options), "date")
    following = exp.Add(this=start, expression=_interval(Value(_number(1), "NUMBER"), step))
    day = exp.Sub(this=exp.cast(exp.paren(following), "date"), expression=_number(1))
    return known(exp.paren(day), DATE)


def near_day(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Return the next or previous day of a name, as a DATE."""
    value = _of_nothing(values[0])
    _wanted(value, DATE, *TIMESTAMPS)
    name = {"nextday": "_FT_NEXT_DAY", "previousday": "_FT_PREVIOUS_DAY"}[options["name"]]
    return known(call(name, wall(value), values[1].node), DATE)


def named(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Return a day's or month's name, of three letters."""
    (value,) = _all_of_nothing(values)
    _wanted(value, DATE, *TIMESTAMPS)
    code = {"DAYNAME": "%a", "MONTHNAME": "%b"}[options["name"]]
    return known(call("STRFTIME", wall(value), text(code)), "VARCHAR")


def months_added(values: list[Value], _: Mapping[str, Any]) -> exp.Expr:
    """Add months; a month's last day stays the last."""
    value = _of_nothing(values[0])
    _wanted(value, DATE, *TIMESTAMPS)
    return rebuilt(call("_FT_ADD_MONTHS", wall(value), call("_FT_WHOLE", values[1].node)), value)


def months_between(values: list[Value], _: Mapping[str, Any]) -> exp.Expr:
    """Return the months between two dates, with a fraction."""
    sides = _all_of_nothing(values)
    for value in sides:
        _wanted(value, DATE, *TIMESTAMPS)
    return known(call("_FT_MONTHS_BETWEEN", *(wall(v) for v in sides)), "DECIMAL(38,6)")


# Parts

_OF_TIMES = ("HOUR", "MINUTE", "SECOND", "NANOSECOND")
_PLAIN = {
    "YEAR": "YEAR",
    "QUARTER": "QUARTER",
    "MONTH": "MONTH",
    "DAY": "DAY",
    "DAYOFYEAR": "DAYOFYEAR",
    "DAYOFWEEK_ISO": "ISODOW",
    "HOUR": "HOUR",
    "MINUTE": "MINUTE",
    "SECOND": "SECOND",
}
_EPOCHS = {
    "EPOCH_SECOND": (1_000_000, 1),
    "EPOCH_MILLISECOND": (1000, 1),
    "EPOCH_MICROSECOND": (1, 1),
    "EPOCH_NANOSECOND": (1, 1000),
}


def extracted(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Return a part of a date or time as a number."""
    (value,), unit = _all_of_nothing(values), options["unit"]
    if unit in ("MILLISECOND", "MICROSECOND"):
        raise compilation(1035, f"'{unit}' is not a valid date/time component for DATE_PART.")
    _wanted(value, DATE, TIME, *TIMESTAMPS)
    if value.kind == TIME:
        one_of(unit, _OF_TIMES, "DATE_PART of a TIME")
    if value.kind == DATE and unit in _EPOCHS and unit != "EPOCH_SECOND":
        raise compilation(1035, f"'{unit}' is not a valid date/time component for a DATE.")
    at = _on_epoch(value) if value.kind == TIME else wall(value)
    if unit in _PLAIN:
        return _whole(call(_PLAIN[unit], at))
    if unit in _EPOCHS:
        divided, times = _EPOCHS[unit]
        micros = call("EPOCH_US", time_values.in_utc(value))
        rest = call("_FT_MOD", micros, _number(divided))
        count = exp.IntDiv(
            this=exp.paren(exp.Sub(this=micros, expression=rest)), expression=_number(divided)
        )
        return _whole(exp.paren(exp.Mul(this=exp.paren(count), expression=_number(times))))
    if unit == "NANOSECOND":
        rest = call("_FT_MOD", call("EPOCH_US", at), _number(1_000_000))
        return _whole(exp.paren(exp.Mul(this=rest, expression=_number(1000))))
    if unit.startswith("TIMEZONE"):
        return _offset_part(value, unit)
    return _whole(_week_part(unit, at, options))


def _week_part(unit: str, at: exp.Expr, options: Mapping[str, Any]) -> exp.Expr:
    settings = options["settings"]
    first, policy = _first_day(options), _number(int(settings["WEEK_OF_YEAR_POLICY"]))
    match unit:
        case "DAYOFWEEK":
            return call("_FT_DAY_OF_WEEK", at, _number(int(settings["WEEK_START"])))
        case "WEEK":
            return call("_FT_WEEK", at, first, policy)
        case "WEEK_ISO":
            return call("_FT_WEEK", at, _number(1), _number(0))
        case "YEAROFWEEK":
            return call("_FT_YEAR_OF_WEEK", at, first, policy)
    return call("_FT_YEAR_OF_WEEK", at, _number(1), _number(0))


def _offset_part(value: Value, unit: str) -> exp.Expr:
    if value.kind == TZ:
        minutes: exp.Expr = call("STRUCT_EXTRACT", value.node, text("zone_minutes"))
    elif value.kind == LTZ:
        minutes = call("_FT_OFFSET", value.node)
    else:
        raise unsupported(f"{unit} of a {value.kind}")
    if unit == "TIMEZONE_HOUR":
        return _whole(call("TRUNC", exp.Div(this=minutes, expression=exp.Literal.number("60.0"))))
    return _whole(exp.Mod(this=minutes, expression=_number(60)))


# Zones and construction


def in_zone(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Convert to another zone: a TIMESTAMP_NTZ between two, anything else to a TIMESTAMP_TZ."""
    value, *zones = values
    for zone in zones:
        if isinstance(zone.node, exp.Literal) and zone.node.name not in parameters.zones():
            raise compilation(1008, f"Unknown timezone: '{zone.node.name}'")
    settings = options["settings"]
    if len(zones) == 2:
        value = _of_nothing(value)
        if value.kind == "TEXT":
            value = Value(time_texts.read(value.node, NTZ, settings), NTZ)
        source = call("TIMEZONE", zones[0].node, wall(value))
        return known(call("TIMEZONE", zones[1].node, source), NTZ)
    if value.kind == "TEXT":
        value = Value(time_texts.read(value.node, TZ, settings), TZ)
    return known(call("_FT_TZ_AT", zones[0].node, instant(_of_nothing(value))), TZ)


def from_parts(values: list[Value], options: Mapping[str, Any]) -> exp.Expr:
    """Make a date or time of numbers, which may be out of their ranges."""
    target, nodes = options["target"], [value.node for value in values]
    zero = _number(0)
    if target == DATE:
        return known(call("_FT_DATE_FROM_PARTS", *_counts(nodes, 3, 3)), DATE)
    if target == TIME:
        return known(call("_FT_TIME_FROM_PARTS", *_counts([*nodes, zero], 4, 5)[:4]), TIME)
    if len(nodes) == 2:
        if target != NTZ:
            raise compilation(1044, "TIMESTAMP_FROM_PARTS of a DATE and a TIME is a TIMESTAMP_NTZ")
        day, time = values
        at = exp.Add(this=exp.cast(wall(day), "date"), expression=time.node)
        return known(exp.cast(exp.paren(at), "timestamp"), NTZ)
    zone = nodes.pop() if len(nodes) == 8 else None
    whole = call("_FT_NTZ_FROM_PARTS", *_counts([*nodes, zero], 7, 8)[:7])
    if target == TZ and zone is not None:
        return known(call("_FT_TZ_AT", zone, call("TIMEZONE", zone, whole)), TZ)
    if zone is not None:
        raise compilation(1044, f"a time zone in a {target}")
    return time_values.moved(Value(whole, NTZ), target)


def _counts(nodes: list[exp.Expr], least: int, most: int) -> list[exp.Expr]:
    if not least <= len(nodes) <= most:
        raise compilation(938, "wrong number of arguments for a function of dates and times")
    return [exp.cast(node, "bigint") for node in nodes]
