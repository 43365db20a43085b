"""Functions of VARIANTs that DuckDB lacks or computes otherwise, in Python.

Each takes and gives values of `json_values`; None is JSON's null, and MISSING an SQL NULL. Unless a
function is one of NULL_AWARE, an SQL NULL among the arguments makes its result NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from snowflake_stand_in.sql import array_functions, json_values, regular_expressions, text_functions
from snowflake_stand_in.sql.json_values import (
    MISSING,
    UNDEFINED,
    Number,
    shown,
    text_of,
    unsupported,
)

# As dates and times become VARIANTs
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d\.\d{3}( [+-]\d{4})?)?|\d\d:\d\d:\d\d(\.\d+)?", re.ASCII
)


def object_of(*parts: Any) -> dict[str, Any]:
    """OBJECT_CONSTRUCT: leaves out a key or value that is NULL."""
    return _object_of(parts, keep=False)


def object_keeping_null(*parts: Any) -> dict[str, Any]:
    """OBJECT_CONSTRUCT_KEEP_NULL: leaves out a key that is NULL; a value becomes JSON's null."""
    return _object_of(parts, keep=True)


def _object_of(parts: tuple[Any, ...], *, keep: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if key is MISSING or (value is MISSING and not keep):
            continue
        if key in found:
            raise ValueError(f"Duplicate field key '{key}'")
        found[key] = None if value is MISSING else value
    return found


def object_insert(object_: Any, key: Any, value: Any, change: Any = False) -> Any:
    """OBJECT_INSERT: leaves out a key or value that is NULL."""
    if MISSING in (object_, change):
        return MISSING
    if key is MISSING:
        return object_
    if key in _object(object_) and not change:
        raise ValueError(f"Duplicate field key '{key}'")
    rest = {k: v for k, v in object_.items() if k != key}
    return rest if value is MISSING else {**rest, key: value}


def object_delete(object_: dict[str, Any], *keys: Any) -> Any:
    """OBJECT_DELETE."""
    gone = _names(keys)
    return {key: value for key, value in _object(object_).items() if key not in gone}


def object_pick(object_: dict[str, Any], *keys: Any) -> Any:
    """OBJECT_PICK: the keys, or an array of them."""
    kept = _names(keys)
    return {key: value for key, value in _object(object_).items() if key in kept}


def _names(keys: tuple[Any, ...]) -> set[str]:
    return {
        name
        for key in keys
        for name in (key if isinstance(key, list) else [key])
        if isinstance(name, str)
    }


def object_keys(object_: dict[str, Any]) -> list[Any]:
    """OBJECT_KEYS, in the order in which Snowflake keeps them."""
    return sorted(_object(object_))


def strip_null_value(value: Any) -> Any:
    """STRIP_NULL_VALUE."""
    return MISSING if value is None else value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise unsupported("a VARIANT that is no object as an object: use TO_OBJECT")
    return value


def flatten(value: Any, path: Any, outer: bool, recursive: bool, mode: str) -> list[Any]:
    """FLATTEN: rows of key, path, index, and value and this as JSON; None is NULL."""
    found = _at(value, path if path is not MISSING else "")
    rows = [] if found is MISSING else _rows(found, path or "", recursive, mode)
    if rows or not outer:
        return rows
    nested = isinstance(found, dict | list)
    this = json_values.write(found) if nested else None
    return [{"k": None, "p": path, "i": None, "v": None, "t": this}]


def _rows(this: Any, path: str, recursive: bool, mode: str) -> list[Any]:
    parts: list[tuple[str | None, int | None, Any]]
    if isinstance(this, dict) and mode != "ARRAY":
        parts = [(key, None, this[key]) for key in sorted(this)]
    elif isinstance(this, list) and mode != "OBJECT":
        parts = [(None, n, part) for n, part in enumerate(this) if part != UNDEFINED]
    else:
        return []
    text, found = json_values.write(this), []
    for key, index, part in parts:
        at = path + _step(path, key, index)
        found.append({"k": key, "p": at, "i": index, "v": json_values.write(part), "t": text})
        found += _rows(part, at, recursive, mode) if recursive else []
    return found


def _step(path: str, key: str | None, index: int | None) -> str:
    if key is None:
        return f"[{index}]"
    if not re.fullmatch(r"[A-Za-z_][\w$]*", key, re.ASCII):
        return f"['{key}']"
    return f".{key}" if path else key


def _at(value: Any, path: str) -> Any:
    """Follow a path of keys and indexes."""
    for key, quoted, index in re.findall(r"""\.?([\w$]+)|\[['"](.*?)['"]\]|\[(\d+)\]""", path):
        value = get(value, Number(index) if index else key or quoted)
    return value


def canonical(value: Any) -> Any:
    """Return a value as it is: writing it orders its keys."""
    return value


def parse_json(text: str, mode: str = "s") -> Any:
    """PARSE_JSON: nothing is NULL."""
    return json_values.read(text, strict="d" not in mode) if text.strip() else MISSING


def try_parse_json(text: str, mode: str = "s") -> Any:
    """TRY_PARSE_JSON: what is no JSON is NULL."""
    try:
        return parse_json(text, mode)
    except json_values.JsonError:
        return MISSING


def check_json(text: str) -> Any:
    """CHECK_JSON: NULL for JSON, else what is wrong."""
    try:
        parse_json(text)
    except json_values.JsonError as error:
        return str(error)
    return MISSING


def to_json(value: Any) -> str:
    """TO_JSON: the text of a VARIANT."""
    return shown(value)


def to_text(value: Any) -> Any:
    """Return a VARIANT cast to VARCHAR: JSON's null is NULL."""
    return MISSING if value is None else text_of(value)


def variant_key(value: Any) -> str:
    """Return a text that equal VARIANTs have in common."""
    if isinstance(value, Number) and value[-1].isdigit():
        return format(Decimal(value).normalize(), "f")
    return str(json_values.key_of(value))


def to_array(value: Any) -> Any:
    """TO_ARRAY: anything but an array becomes an array's only element."""
    if value is None:
        return MISSING
    return value if isinstance(value, list) else [value]


def to_object(value: Any) -> Any:
    """TO_OBJECT."""
    if value is None or isinstance(value, dict):
        return MISSING if value is None else value
    raise ValueError(f"Failed to cast variant value {shown(value)} to OBJECT")


def type_of(value: Any) -> str:
    """TYPEOF."""
    match value:
        case Number():
            return "DOUBLE" if value.is_float else "DECIMAL" if "." in value else "INTEGER"
        case None:
            return "NULL_VALUE"
        case bool():
            return "BOOLEAN"
        case str():
            if _TIME.fullmatch(value):
                raise unsupported("the type of a VARIANT that is a date or time, or looks like one")
            return "VARCHAR"
        case list():
            return "ARRAY"
    return "OBJECT"


def split(text: str, separator: str) -> list[Any]:
    """SPLIT."""
    return text.split(separator) if separator else [text]


def strtok_to_array(text: str, delimiters: str = " ") -> list[Any]:
    """STRTOK_TO_ARRAY."""
    for delimiter in delimiters[1:]:
        text = text.replace(delimiter, delimiters[0])
    return [part for part in text.split(delimiters[0]) if part] if delimiters else [text]


def get(value: Any, place: Any) -> Any:
    """GET: an element of an array, or a value of an object."""
    if isinstance(value, list) and isinstance(place, Number):
        found = value[int(place)] if 0 <= int(place) < len(value) else MISSING
        return MISSING if found == UNDEFINED else found
    if isinstance(value, dict) and type(place) is str:
        return value.get(place, MISSING)
    return MISSING


def get_ignore_case(value: Any, place: str) -> Any:
    """GET_IGNORE_CASE: a key of the same case goes first."""
    if not isinstance(value, dict):
        return MISSING
    alike = [key for key in sorted(value) if key.lower() == place.lower()]
    return value[place] if place in value else value[alike[0]] if alike else MISSING


NULL_AWARE: set[Callable[..., Any]] = {
    *array_functions.NULL_AWARE,
    object_of,
    object_keeping_null,
    object_insert,
    flatten,
}
_ALL: tuple[Callable[..., Any], ...] = (
    *NULL_AWARE,
    *array_functions.FUNCTIONS,
    *regular_expressions.FUNCTIONS,
    *text_functions.FUNCTIONS,
    object_delete,
    object_pick,
    object_keys,
    strip_null_value,
    canonical,
    parse_json,
    try_parse_json,
    check_json,
    to_json,
    to_text,
    variant_key,
    to_array,
    to_object,
    type_of,
    split,
    strtok_to_array,
    get,
    get_ignore_case,
)
FUNCTIONS = {function.__name__: function for function in _ALL}


def _result(name: str, arguments: list[str | None] | None) -> Any:
    function = FUNCTIONS[name]
    if function not in NULL_AWARE and None in (arguments or []):
        return MISSING
    return function(*(MISSING if a is None else json_values.stored(a) for a in arguments or []))


def call(name: str, arguments: list[str | None] | None) -> str | None:
    """Call a function; its arguments and result are JSON."""
    found = _result(name, arguments)
    return None if found is MISSING else json_values.write(found)


def call_for_text(name: str, arguments: list[str | None] | None) -> str | None:
    """Call a function whose result is a text."""
    found = _result(name, arguments)
    return None if found in (None, MISSING) else str(found)


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a DuckDB instance."""
    arguments: list[Any] = ["VARCHAR", "JSON[]"]
    special = FunctionNullHandling.SPECIAL
    connection.create_function("_fs_call", call, arguments, "JSON", null_handling=special)
    connection.create_function(
        "_fs_text_call", call_for_text, arguments, "VARCHAR", null_handling=special
    )
