"""VARIANTs as Snowflake reads, orders and writes them.

A VARIANT is JSON text in DuckDB. Here it is Python's: a number keeps its digits, and an exponent
tells a FLOAT from a NUMBER. What an array holds in place of an SQL NULL is UNDEFINED, which the
client sees as `undefined`.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any


class _Missing:
    """The type of MISSING."""


MISSING = _Missing()
"""An SQL NULL: JSON's null is None."""
UNDEFINED = "\ue000undefined"
_DIGITS = 38
# Between them the reference tells of no whole FLOAT's text
_LONG_WHOLE, _EXPONENT = 1e10, 1e15
_BARE = re.compile(r"[A-Za-z_$][\w$]*|-?[0-9.][0-9.eE+-]*|-?Infinity")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_NUMBER = re.compile(r"-?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?")


class Number(str):
    """A number's digits."""

    __slots__ = ()

    def __new__(cls, digits: str) -> Number:
        """Keep the digits of a NUMBER; what has more of them than a NUMBER may is a FLOAT."""
        if len(digits) > _DIGITS and "e" not in digits.lower():
            significant = digits.lstrip("-0.").replace(".", "")
            if len(significant) > _DIGITS:
                digits = repr(float(digits))
        return super().__new__(cls, digits)

    @property
    def is_float(self) -> bool:
        """Whether it is a FLOAT."""
        return "e" in self.lower()


class JsonError(ValueError):
    """A text is no JSON; says why and where."""


def unsupported(reason: str) -> ValueError:
    """Make the error of a function that would do something else than Snowflake's."""
    return ValueError(f"Unsupported feature: {reason}")


def read(text: str, *, strict: bool = True) -> Any:
    """Read JSON as PARSE_JSON does; `strict` forbids that a key comes twice."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if strict and len({key for key, _ in found}) != len(found):
            raise JsonError(_duplicate(text, [key for key, _ in found]))
        return dict(found)

    try:
        return json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=pairs,
        )
    except json.JSONDecodeError:
        return _Lenient(text, strict=strict).document()


def _duplicate(text: str, keys: list[str]) -> str:
    again = next(key for n, key in enumerate(keys) if key in keys[:n])
    place = text.rfind(json.dumps(again, ensure_ascii=False)) + len(again) + 2
    return f'duplicate object attribute "{again}", pos {place}'


def stored(text: str) -> Any:
    """Read what is stored, where every key comes once."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def write(value: Any) -> str:
    """Write a VARIANT as it is stored: compact, its keys in order."""
    return _write(value, None, str)


def shown(value: Any, indent: int | None = None) -> str:
    """Write a VARIANT as a client sees it: with `indent`, over several lines."""
    return _write(value, indent, _shown_number).replace(_quoted(UNDEFINED), "undefined")


def _shown_number(number: Number) -> str:
    return f"{float(number):.15e}" if number.is_float else number


def _write(value: Any, indent: int | None, digits: Any, depth: int = 0) -> str:
    match value:
        case Number():
            return str(digits(value))
        case dict():
            space = "" if indent is None else " "
            parts = [
                f"{_quoted(key)}:{space}{_write(value[key], indent, digits, depth + 1)}"
                for key in sorted(value)
            ]
            return _enclosed("{", parts, "}", indent, depth)
        case list():
            parts = [_write(element, indent, digits, depth + 1) for element in value]
            return _enclosed("[", parts, "]", indent, depth)
        case str():
            return _quoted(value)
        case None:
            return "null"
        case _:
            return str(value).lower()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _enclosed(opening: str, parts: list[str], closing: str, indent: int | None, depth: int) -> str:
    if indent is None or not parts:
        return f"{opening}{','.join(parts)}{closing}"
    inner, outer = " " * indent * (depth + 1), " " * indent * depth
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{outer}{closing}"


def key_of(value: Any) -> Any:
    """Return what equal VARIANTs have in common: numbers count by value."""
    match value:
        case Number():
            return ("number", Decimal(value).normalize() if _finite(value) else str(value))
        case dict():
            return ("object", tuple((key, key_of(value[key])) for key in sorted(value)))
        case list():
            return ("array", tuple(map(key_of, value)))
        case _:
            return (type(value).__name__, value)


def _finite(number: Number) -> bool:
    return number[-1].isdigit() or number.endswith(".")


def text_of(value: Any) -> str:
    """Return a VARIANT cast to VARCHAR."""
    match value:
        case Number() if value.is_float:
            return float_text(float(value))
        case str():
            return str(value)
        case _:
            return shown(value)


def float_text(number: float) -> str:
    """Write a FLOAT as Snowflake's cast to VARCHAR does."""
    if number.is_integer() and _LONG_WHOLE <= abs(number) < _EXPONENT:
        raise unsupported("the text of a whole FLOAT of more than ten digits")
    return f"{number:.10g}"


class _Lenient:
    """Reads the JSON that Snowflake takes and the standard doesn't.

    Keys without quotes, texts in single quotes, elements left out, comments.
    """

    def __init__(self, text: str, *, strict: bool) -> None:
        self.text, self.strict, self.at = text, strict, 0

    def document(self) -> Any:
        value = self._value()
        self._skip()
        if self.at < len(self.text):
            raise self._error("misplaced text" if value is not UNDEFINED else "unknown keyword")
        return value

    def _error(self, what: str) -> JsonError:
        return JsonError(f"{what}, pos {self.at + 1}")

    def _skip(self) -> str:
        """Pass white space, and return what is next."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _take(self, mark: str) -> bool:
        found = self._skip() == mark
        self.at += found
        return found

    def _value(self) -> Any:
        match self._skip():
            case "":
                raise self._error("incomplete input")
            case "}" | "]" | ":" | "," as mark:
                raise self._error(f"misplaced {mark}")
            case "{":
                return self._object()
            case "[":
                return self._array()
            case '"' | "'":
                return self._text()
        word = _BARE.match(self.text, self.at)
        if word is None:
            raise self._error("unknown input")
        known = "null" if word[0].lower() == "null" else word[0]
        if known in _WORDS:
            self.at = word.end()
            return _WORDS[known]
        if not _NUMBER.fullmatch(word[0]) or not re.search("[0-9]", word[0]):
            raise self._error(f'unknown keyword "{word[0]}"')
        self.at = word.end()
        if "e" in word[0].lower():
            return Number(repr(float(word[0])))
        return Number(format(Decimal(word[0]), "f"))

    def _array(self) -> list[Any]:
        self._take("[")
        found: list[Any] = []
        while not self._take("]"):
            found.append(UNDEFINED if self._skip() == "," else self._value())
            if self._take(","):
                if self._skip() == "]":
                    found.append(UNDEFINED)
            elif self._skip() != "]":
                raise self._error("missing comma")
        return found

    def _object(self) -> dict[str, Any]:
        self._take("{")
        found: dict[str, Any] = {}
        while not self._take("}"):
            key = self._key()
            if not self._take(":"):
                raise self._error("missing colon")
            if key in found and self.strict:
                raise JsonError(f'duplicate object attribute "{key}", pos {self.at}')
            found[key] = self._value()
            if not self._take(",") and self._skip() != "}":
                raise self._error("missing comma")
        return {key: value for key, value in found.items() if value is not UNDEFINED}

    def _key(self) -> str:
        if self._skip() in ('"', "'"):
            return self._text()
        word = re.compile(r"[A-Za-z_$][\w$]*").match(self.text, self.at)
        if word is None:
            raise self._error("missing object key")
        self.at = word.end()
        return word[0]

    def _text(self) -> str:
        quote = self.text[self.at]
        end = self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self._error("unfinished string")
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        if quote == "'":
            inner = inner.replace("\\'", "'").replace('"', '\\"')
        try:
            return str(json.loads(f'"{inner}"', strict=False))
        except json.JSONDecodeError:
            raise self._error("bad escape in a string") from None
