"""Functions of ARRAYs, in Python, as `json_functions.py` says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from snowflake_stand_in.sql.json_values import (
    MISSING,
    UNDEFINED,
    Number,
    key_of,
    text_of,
    unsupported,
)

_FEW = 1_000_000


def _or_undefined(value: Any) -> Any:
    return UNDEFINED if value is MISSING else value


def array_of(*elements: Any) -> list[Any]:
    """ARRAY_CONSTRUCT."""
    return [_or_undefined(element) for element in elements]


def array_compact_of(*elements: Any) -> list[Any]:
    """ARRAY_CONSTRUCT_COMPACT."""
    return [element for element in elements if element is not MISSING]


def array_append(array: Any, element: Any) -> Any:
    """ARRAY_APPEND."""
    return MISSING if array is MISSING else [*_array(array), _or_undefined(element)]


def array_prepend(array: Any, element: Any) -> Any:
    """ARRAY_PREPEND."""
    return MISSING if array is MISSING else [_or_undefined(element), *_array(array)]


def array_insert(array: Any, position: Any, element: Any) -> Any:
    """ARRAY_INSERT: beyond either end, what is between is undefined."""
    if MISSING in (array, position):
        return MISSING
    array, at, element = _array(array), int(position), _or_undefined(element)
    beyond = [UNDEFINED] * (abs(at) - len(array))
    if at < -len(array):
        return [element, *beyond, *array]
    return [*array[:at], *(beyond if at >= 0 else []), element, *array[at:]]


def array_slice(array: list[Any], start: str, end: str) -> list[Any]:
    """ARRAY_SLICE."""
    return _array(array)[int(start) : int(end)]


def array_cat(first: list[Any], second: list[Any]) -> list[Any]:
    """ARRAY_CAT."""
    return _array(first) + _array(second)


def array_compact(array: list[Any]) -> list[Any]:
    """ARRAY_COMPACT."""
    return [element for element in _array(array) if element not in (None, UNDEFINED)]


def array_contains(value: Any, array: Any) -> Any:
    """ARRAY_CONTAINS: NULL is only known to be among SQL NULLs."""
    if array is MISSING:
        return MISSING
    if value is MISSING:
        return True if UNDEFINED in _array(array) else MISSING
    return key_of(value) in map(key_of, _array(array))


def array_position(value: Any, array: Any) -> Any:
    """ARRAY_POSITION."""
    if array is MISSING:
        return MISSING
    wanted = key_of(_or_undefined(value))
    found = (n for n, element in enumerate(_array(array)) if key_of(element) == wanted)
    return next((Number(str(n)) for n in found), MISSING)


def array_remove(array: list[Any], value: Any) -> list[Any]:
    """ARRAY_REMOVE."""
    return [element for element in _array(array) if key_of(element) != key_of(value)]


def array_remove_at(array: list[Any], position: str) -> list[Any]:
    """ARRAY_REMOVE_AT."""
    array, at = _array(array), int(position)
    at += len(array) if at < 0 else 0
    return [element for n, element in enumerate(array) if n != at]


def array_reverse(array: list[Any]) -> list[Any]:
    """ARRAY_REVERSE."""
    return _array(array)[::-1]


def array_distinct(array: list[Any]) -> list[Any]:
    """ARRAY_DISTINCT."""
    return list({key_of(element): element for element in reversed(_array(array))}.values())[::-1]


def array_except(array: list[Any], excluded: list[Any]) -> list[Any]:
    """ARRAY_EXCEPT: of a bag, a bag."""
    return _shared_and_own(array, excluded)[1]


def array_intersection(array: list[Any], other: list[Any]) -> list[Any]:
    """ARRAY_INTERSECTION: of two bags, a bag."""
    return _shared_and_own(array, other)[0]


def _shared_and_own(array: list[Any], other: list[Any]) -> tuple[list[Any], list[Any]]:
    """Split a bag into what another has too, as often as that has it, and the rest."""
    left = Counter(map(key_of, _array(other)))
    shared: list[Any] = []
    own: list[Any] = []
    for element in _array(array):
        key = key_of(element)
        (shared if left[key] else own).append(element)
        left[key] -= bool(left[key])
    return shared, own


def arrays_overlap(array: list[Any], other: list[Any]) -> bool:
    """ARRAYS_OVERLAP."""
    return not {*map(key_of, _array(array))}.isdisjoint(map(key_of, _array(other)))


def array_flatten(array: list[Any]) -> Any:
    """ARRAY_FLATTEN: of arrays, one; an element that is NULL makes it NULL."""
    if UNDEFINED in _array(array):
        return MISSING
    if not all(isinstance(element, list) for element in array):
        raise ValueError(
            "Not an array: 'Input argument to ARRAY_FLATTEN is not an array of arrays'"
        )
    return [element for inner in array for element in inner]


def array_to_string(array: list[Any], separator: str) -> str:
    """ARRAY_TO_STRING."""
    return separator.join(
        "" if element in (None, UNDEFINED) else text_of(element) for element in _array(array)
    )


def array_sort(array: list[Any], ascending: bool = True, nulls_first: bool | None = None) -> Any:
    """ARRAY_SORT: JSON's null comes after all values, SQL's NULLs where they are asked for."""
    known = [element for element in _array(array) if element not in (None, UNDEFINED)]
    missing = [element for element in array if element == UNDEFINED]
    nulls = [element for element in _array(array) if element is None]
    known.sort(key=cmp_to_key(compare), reverse=not ascending)
    known = known + nulls if ascending else nulls + known
    first = not ascending if nulls_first is None else nulls_first
    return missing + known if first else known + missing


def array_min(array: list[Any]) -> Any:
    """ARRAY_MIN."""
    known = [element for element in _array(array) if element not in (None, UNDEFINED)]
    return min(known, key=cmp_to_key(compare), default=MISSING)


def array_max(array: list[Any]) -> Any:
    """ARRAY_MAX."""
    known = [element for element in _array(array) if element not in (None, UNDEFINED)]
    return max(known, key=cmp_to_key(compare), default=MISSING)


def compare(first: Any, second: Any) -> int:
    """Compare two VARIANTs of one kind."""
    if isinstance(first, Number) and isinstance(second, Number):
        return int(Decimal(first).compare(Decimal(second)))
    if type(first) is not type(second) or not isinstance(first, str | bool):
        raise unsupported("the order of VARIANTs of several kinds: cast them")
    return int(first > second) - int(first < second)


def array_generate_range(start: str, stop: str, step: str = "1") -> list[Any]:
    """ARRAY_GENERATE_RANGE."""
    if not int(step):
        raise ValueError("step of ARRAY_GENERATE_RANGE is zero")
    found = range(int(start), int(stop), int(step))
    if len(found) > _FEW:
        raise unsupported("ARRAY_GENERATE_RANGE of more than a million elements")
    return [Number(str(n)) for n in found]


def arrays_to_object(keys: list[Any], values: list[Any]) -> dict[str, Any]:
    """ARRAYS_TO_OBJECT: a key that is NULL is left out, a value that is NULL is JSON's."""
    if len(_array(keys)) != len(_array(values)):
        raise ValueError("Key array and value array had unequal lengths in ARRAYS_TO_OBJECT")
    if not all(key is None or type(key) is str for key in keys):
        raise ValueError("Key supplied for ARRAYS_TO_OBJECT does not have string type")
    return {
        key: None if value == UNDEFINED else value
        for key, value in zip(keys, values, strict=True)
        if key not in (None, UNDEFINED)
    }


def arrays_zip(*arrays: list[Any]) -> list[Any]:
    """ARRAYS_ZIP: as long as the longest, JSON's null where nothing is."""
    length = max(len(_array(array)) for array in arrays)
    if not length:
        return [{}]

    def element(array: list[Any], place: int) -> Any:
        return array[place] if place < len(array) and array[place] != UNDEFINED else None

    return [
        {f"${n}": element(array, place) for n, array in enumerate(arrays, 1)}
        for place in range(length)
    ]


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise unsupported("a VARIANT that is no array as an array: use TO_ARRAY")
    return value


NULL_AWARE: tuple[Callable[..., Any], ...] = (
    array_of,
    array_compact_of,
    array_append,
    array_prepend,
    array_insert,
    array_contains,
    array_position,
)
FUNCTIONS: tuple[Callable[..., Any], ...] = (
    *NULL_AWARE,
    array_slice,
    array_cat,
    array_compact,
    array_remove,
    array_remove_at,
    array_reverse,
    array_distinct,
    array_except,
    array_intersection,
    arrays_overlap,
    array_flatten,
    array_to_string,
    array_sort,
    array_min,
    array_max,
    array_generate_range,
    arrays_to_object,
    arrays_zip,
)
