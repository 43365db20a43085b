"""Dates and times: Snowflake's functions and casts as calls that know what they are of.

`prepare` makes them calls of ours before fakesnow could translate them; `typed.py` learns the types
of their operands, and `rewrite` makes DuckDB's expression of them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import parameters, refusals, time_formats
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.translation import time_functions, time_texts, time_values
from snowflake_stand_in.translation.time_parts import part
from snowflake_stand_in.translation.time_values import DATE, LTZ, NTZ, TIME, TZ, call, known

_MARK = "_FS_TIME_"
_TYPES = {
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMESTAMPNTZ: NTZ,
    exp.DType.DATETIME: NTZ,
    exp.DType.TIMESTAMPLTZ: LTZ,
    exp.DType.TIMESTAMPTZ: TZ,
}
_MAPPED = {"TIMESTAMP_NTZ": NTZ, "TIMESTAMP_LTZ": LTZ, "TIMESTAMP_TZ": TZ}
# Conversions that are calls: their target, None for what TIMESTAMP stands for
_CONVERSIONS = {
    "TO_DATE": DATE,
    "DATE": DATE,
    "TO_TIME": TIME,
    "TIME": TIME,
    "TO_TIMESTAMP": None,
    "TO_TIMESTAMP_NTZ": NTZ,
    "TO_TIMESTAMP_LTZ": LTZ,
    "TO_TIMESTAMP_TZ": TZ,
}
_FROM_PARTS = {
    "DATE_FROM_PARTS": DATE,
    "DATEFROMPARTS": DATE,
    "TIME_FROM_PARTS": TIME,
    "TIMEFROMPARTS": TIME,
    "TIMESTAMP_FROM_PARTS": None,
    "TIMESTAMPFROMPARTS": None,
    "TIMESTAMP_NTZ_FROM_PARTS": NTZ,
    "TIMESTAMPNTZFROMPARTS": NTZ,
    "TIMESTAMP_LTZ_FROM_PARTS": LTZ,
    "TIMESTAMPLTZFROMPARTS": LTZ,
    "TIMESTAMP_TZ_FROM_PARTS": TZ,
    "TIMESTAMPTZFROMPARTS": TZ,
}
_PARTS: dict[type[exp.Expr], str] = {
    exp.Year: "YEAR",
    exp.YearOfWeek: "YEAROFWEEK",
    exp.YearOfWeekIso: "YEAROFWEEKISO",
    exp.Day: "DAY",
    exp.DayOfMonth: "DAY",
    exp.DayOfWeek: "DAYOFWEEK",
    exp.DayOfWeekIso: "DAYOFWEEK_ISO",
    exp.DayOfYear: "DAYOFYEAR",
    exp.Week: "WEEK",
    exp.WeekOfYear: "WEEK_ISO",
    exp.Month: "MONTH",
    exp.Quarter: "QUARTER",
    exp.Hour: "HOUR",
    exp.Minute: "MINUTE",
    exp.Second: "SECOND",
}
_NAMED: dict[type[exp.Expr], str] = {exp.Dayname: "DAYNAME", exp.Monthname: "MONTHNAME"}


def prepare(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Make what has to do with dates and times calls of ours; return the statement."""
    settings = parameters.Shared(cursor.session.settings)
    _label_bindings(cursor, statement)
    for node in reversed(list(statement.walk())):
        new = _prepared(node, settings)
        if node is statement:
            statement = new
        elif new is not node:
            node.replace(new)
    return statement


def _label_bindings(cursor: Cursor, statement: exp.Expr) -> None:
    """Give placeholders numbers, since they may change their order, and note what is bound."""
    bindings = cursor.bindings
    if not bindings:
        return
    nodes = list(statement.find_all(exp.Placeholder))
    if isinstance(bindings, list):
        _number(statement, [node for node in nodes if node.this is None])
        values: dict[str, Any] = {str(i): value for i, value in enumerate(bindings, 1)}
    else:
        values = bindings
    for node in nodes:
        if (kind := time_values.type_of(values.get(node.name))) is not None:
            node.meta["duckdb"] = kind


def _number(statement: exp.Expr, nodes: list[exp.Placeholder]) -> None:
    """Give placeholders numbers in the order of the text, which the tree's is not."""
    for mark, node in enumerate(nodes):
        node.set("this", f"_fs_bound_{mark}_")
    written = statement.sql(dialect="snowflake")
    for number, node in enumerate(sorted(nodes, key=lambda n: written.index(n.this)), 1):
        node.set("this", str(number))


def _prepared(node: exp.Expr, settings: Mapping[str, str]) -> exp.Expr:
    match node:
        case exp.ColumnDef() if isinstance(node.kind, exp.DataType):
            node.set("kind", column_type(node.kind, settings))
        case exp.AlterColumn() if isinstance(node.args.get("dtype"), exp.DataType):
            node.set("dtype", column_type(node.args["dtype"], settings))
        case exp.Cast() if (target := _target(node.to, settings)) is not None:
            mode = "TRY_CAST" if isinstance(node, exp.TryCast) else ""
            digits = node.to.expressions[0].name if node.to.expressions else "9"
            return _call("CAST", settings, node.this, target=target, mode=mode, digits=int(digits))
        case exp.Anonymous():
            return _prepared_call(node, node.name.upper(), settings)
        case exp.ToChar() if _is_time_format(node.args.get("format")):
            return _call("TO_CHAR", settings, node.this, format=node.args["format"].name)
        case exp.ConvertTimezone():
            source = node.args.get("source_tz")
            zones = [z for z in (source, node.args["target_tz"]) if z is not None]
            return _call("CONVERT_TIMEZONE", settings, node.args["timestamp"], *zones)
        case exp.CurrentTimestamp():
            return _now(node)
        case exp.Localtimestamp():
            return known(call("NOW"), LTZ)
        case exp.CurrentDate():
            return known(exp.cast(exp.cast(call("NOW"), "timestamp"), "date"), DATE)
        case exp.CurrentTime() | exp.Localtime():
            return known(exp.cast(exp.cast(call("NOW"), "timestamp"), "time"), TIME)
        case exp.Add() | exp.Sub() if isinstance(node.expression, exp.Interval):
            return _moved(node.this, node.expression, settings, back=isinstance(node, exp.Sub))
        case exp.Add() if isinstance(node.this, exp.Interval):
            return _moved(node.expression, node.this, settings, back=False)
        case exp.DateAdd() | exp.TimeAdd() | exp.TimestampAdd():
            unit = part(node.args.get("unit"))
            return _call("ADD", settings, node.this, node.expression, unit=unit)
        case exp.DateDiff() | exp.TimeDiff() | exp.TimestampDiff():
            unit = part(node.args.get("unit"))
            return _call("DIFF", settings, node.expression, node.this, unit=unit)
        case exp.DateTrunc() | exp.TimestampTrunc():
            return _call("TRUNC", settings, node.this, unit=part(node.args.get("unit")))
        case exp.Extract():
            return _call("PART", settings, node.expression, unit=part(node.this))
        case exp.TimeSlice():
            end = node.args.get("kind") is not None and node.args["kind"].name.upper() == "END"
            unit = part(node.args.get("unit"))
            return _call("SLICE", settings, node.this, node.expression, unit=unit, end=end)
        case exp.LastDay():
            unit = part(node.args["unit"]) if node.args.get("unit") else "MONTH"
            return _call("LAST_DAY", settings, node.this, unit=unit)
        case exp.NextDay() | exp.PreviousDay():
            return _call("NEAR_DAY", settings, node.this, node.expression, name=node.key)
        case exp.AddMonths() | exp.MonthsBetween():
            return _call(node.key.upper(), settings, node.this, node.expression)
        case _ if type(node) in _PARTS:
            return _call("PART", settings, node.this, unit=_PARTS[type(node)])
        case _ if type(node) in _NAMED:
            return _call("NAME", settings, node.this, name=_NAMED[type(node)])
    return node


def _prepared_call(node: exp.Anonymous, name: str, settings: Mapping[str, str]) -> exp.Expr:
    mode = "TRY" if name.startswith("TRY_TO_") else ""
    plain = name.removeprefix("TRY_")
    if plain in _CONVERSIONS and (mode or plain == name) and node.expressions:
        target = _CONVERSIONS[plain] or _MAPPED[settings["TIMESTAMP_TYPE_MAPPING"]]
        value, *option = node.expressions
        return _call("CAST", settings, value, target=target, mode=mode, option=_option(option))
    if name in _FROM_PARTS:
        target = _FROM_PARTS[name] or _MAPPED[settings["TIMESTAMP_TYPE_MAPPING"]]
        return _call("FROM_PARTS", settings, *node.expressions, target=target)
    if name == "TRUNC" and len(node.expressions) == 2:
        raise refusals.refused("trunc part")
    return node


def _option(found: list[exp.Expr]) -> str | int | None:
    """Return a conversion's format or scale, which have to be constants."""
    if not found:
        return None
    if len(found) > 1 or not isinstance(found[0], exp.Literal):
        raise refusals.refused("time format")
    return found[0].name if found[0].is_string else int(found[0].name)


def _is_time_format(found: exp.Expr | None) -> bool:
    return (
        isinstance(found, exp.Literal) and found.is_string and time_formats.is_for_times(found.name)
    )


_INTERVAL = re.compile(r"\s*,?\s*([+-]?\d+)\s*([A-Za-z]+)?")


def _moved(
    value: exp.Expr, interval: exp.Interval, settings: Mapping[str, str], *, back: bool
) -> exp.Expr:
    """Add the parts of an interval one after the other."""
    amount, unit = interval.this, interval.args.get("unit")
    if not isinstance(amount, exp.Literal) or isinstance(unit, exp.IntervalSpan):
        raise refusals.refused("interval")
    written, at = f"{amount.name} {unit.name if unit is not None else ''}".strip(), 0
    while at < len(written):
        found = _INTERVAL.match(written, at)
        if found is None:
            raise refusals.refused("interval")
        at = found.end()
        count = exp.Literal.number(int(found[1]) * (-1 if back else 1))
        named = part(exp.var(found[2] or "second"))
        value = _call("ADD", settings, value, count, unit=named)
    return value


def _now(node: exp.CurrentTimestamp) -> exp.Expr:
    if node.args.get("sysdate"):
        utc = exp.Literal.string("UTC")
        return known(call("TIMEZONE", utc, call("NOW")), NTZ)
    now = known(call("NOW"), LTZ)
    digits = int(node.this.name) if isinstance(node.this, exp.Literal) else 9
    return known(time_values.cut(now, LTZ, digits), LTZ)


def stop_clock(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Make the current time of a statement within a transaction its own.

    DuckDB's is the transaction's; a view's has to stay a call.
    """
    if cursor.session.in_snapshot and not isinstance(statement, exp.Create):
        now = exp.cast(exp.Literal.string(str(datetime.datetime.now(datetime.UTC))), "timestamptz")
        for call_ in list(statement.find_all(exp.Anonymous)):
            if call_.name.upper() == "NOW":
                call_.replace(known(now.copy(), LTZ))
    return statement


def _target(kind: exp.DataType, settings: Mapping[str, str]) -> str | None:
    if kind.this == exp.DType.TIMESTAMP:
        return _MAPPED[settings["TIMESTAMP_TYPE_MAPPING"]]
    return _TYPES.get(kind.this)


def column_type(kind: exp.DataType, settings: Mapping[str, str]) -> exp.DataType:
    """Return the type of a column in DuckDB, before fakesnow looks at it."""
    target = _target(kind, settings)
    if target is None:
        return kind
    if kind.expressions and int(kind.expressions[0].name) < 6:
        raise refusals.refused("time precision")
    return time_values.data_type(target)


def _call(what: str, settings: Mapping[str, str], *operands: exp.Expr, **options: Any) -> exp.Expr:
    made = exp.Anonymous(this=f"{_MARK}{what}", expressions=[o.copy() for o in operands])
    made.meta["time"] = {"settings": settings, **options}
    return made


def is_call(node: exp.Expr) -> bool:
    """Whether a node is a call that `prepare` has made."""
    return isinstance(node, exp.Anonymous) and node.name.startswith(_MARK)


def operands(node: exp.Expr) -> list[exp.Expr]:
    """Return what of a call's types have to be known."""
    return list(node.expressions)


def rewrite(node: exp.Expr, kinds: list[str]) -> None:
    """Make DuckDB's expression of a call, whose operands have these types, in place."""
    name = node.name.removeprefix(_MARK)
    values = [
        time_values.Value(operand.copy(), time_values.kind_of(kind), kind)
        for operand, kind in zip(node.expressions, kinds, strict=True)
    ]
    node.replace(_OPERATIONS[name](values, node.meta_get("time")))


def refuse_unknown(node: exp.Expr) -> Exception:
    """Make the refusal of a call whose operands' types are unknown."""
    name = node.name.removeprefix(_MARK)
    return compilation(2, f"Unsupported feature: {name} of what only an outer query knows", "0A000")


_OPERATIONS: dict[str, Callable[..., exp.Expr]] = {
    "CAST": time_texts.converted,
    "TO_CHAR": time_texts.written,
    "ADD": time_functions.added,
    "DIFF": time_functions.difference,
    "TRUNC": time_functions.truncated,
    "PART": time_functions.extracted,
    "SLICE": time_functions.sliced,
    "LAST_DAY": time_functions.last_day,
    "NEAR_DAY": time_functions.near_day,
    "NAME": time_functions.named,
    "ADDMONTHS": time_functions.months_added,
    "MONTHSBETWEEN": time_functions.months_between,
    "CONVERT_TIMEZONE": time_functions.in_zone,
    "FROM_PARTS": time_functions.from_parts,
}
