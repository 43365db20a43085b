"""Snowflake's formats of dates and times: read into elements, and made patterns of texts.

A run of letters is elements as far as it can be; what is no element stands for itself. Elements of
one letter count only where their whole run is elements: `hours` stands for itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from snowflake_stand_in.sql.errors import unsupported

_LONG = (
    "TZH:TZM",
    "TZHTZM",
    "YYYY",
    "UUUU",
    "MMMM",
    "HH24",
    "HH12",
    "TZH",
    "TZM",
    "TZD",
    "MON",
    "H24",
    "H12",
    "YY",
    "MM",
    "MO",
    "DD",
    "DY",
    "HH",
    "MI",
    "ME",
    "SS",
    "AM",
    "PM",
)
_SHORT = ("Y", "D", "H", "S", "P")
_UNKNOWN = ("UUUU", "TZD", "TZM")
_RUN = re.compile(r"TZH:TZM|[A-Za-z][A-Za-z0-9]*|\"[^\"]*\"|.", re.DOTALL | re.IGNORECASE)
_FRACTION = re.compile(r"FF([0-9]?)", re.IGNORECASE)

# How texts are taken apart: by element, the part that it is and its pattern
_NAMES = (
    "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_PARTS = {
    "YYYY": ("year", r"\d{1,4}"),
    "YY": ("short", r"\d{1,2}"),
    "Y": ("short", r"\d{1,2}"),
    "MM": ("month", r"\d{1,2}"),
    "MO": ("month", r"\d{1,2}"),
    "MON": ("month", _NAMES),
    "MMMM": ("month", _NAMES),
    "DD": ("day", r"\d{1,2}"),
    "D": ("day", r"\d{1,2}"),
    "DY": ("", "(?i:mon|tue|wed|thu|fri|sat|sun)"),
    "HH24": ("hour", r"\d{1,2}"),
    "HH": ("hour", r"\d{1,2}"),
    "H24": ("hour", r"\d{1,2}"),
    "H": ("hour", r"\d{1,2}"),
    "HH12": ("hour", r"\d{1,2}"),
    "H12": ("hour", r"\d{1,2}"),
    "AM": ("half", "(?i:[ap]m)"),
    "PM": ("half", "(?i:[ap]m)"),
    "P": ("half", "(?i:[ap])"),
    "MI": ("minute", r"\d{1,2}"),
    "ME": ("minute", r"\d{1,2}"),
    "SS": ("second", r"\d{1,2}"),
    "S": ("second", r"\d{1,2}"),
    "TZH:TZM": ("zone", r"[+-]?\d{1,2}:\d{1,2}|Z"),
    "TZHTZM": ("zone", r"[+-]?\d{2}\d{2}|Z"),
    "TZH": ("zone", r"[+-]?\d{1,2}|Z"),
}
_WIDTHS = {"YYYY": 4, "TZHTZM": 4}
# The order in which a pattern's parts are written out again, and what stands for one that lacks
ORDER = ("year", "month", "day", "hour", "minute", "second", "fraction", "half", "zone")
_MISSING = {"year": "1970", "month": "1", "day": "1"}


class Token(NamedTuple):
    """An element of a format by its name, or a text that stands for itself."""

    text: str
    is_element: bool


@cache
def tokens(text: str) -> tuple[Token, ...]:
    """Read a format; raise if the documentation leaves open what it means."""
    found: list[Token] = []
    for run in _RUN.findall(text):
        if run[0] == '"' and len(run) > 1:
            found.append(Token(run[1:-1], False))
        elif run[0].isalpha():
            found += _letters(run)
        else:
            found.append(Token(run, False))
    for token in found:
        if token.is_element and token.text in _UNKNOWN:
            raise unsupported(f"the element {token.text} in a date or time format")
    return tuple(found)


def _letters(run: str) -> list[Token]:
    long, left = _elements(run, _LONG)
    if not left:
        return long
    both, left = _elements(run, _LONG + _SHORT)
    if not left:
        return both
    if not any(token.is_element for token in long):
        return [Token(run, False)]
    if any(not t.is_element and t.text.upper() in _SHORT for t in long):
        raise unsupported(f"'{run}' in a date or time format: quote what stands for itself")
    return long


def _elements(run: str, names: tuple[str, ...]) -> tuple[list[Token], bool]:
    """Take a run of letters apart; also tell whether anything but a T is no element."""
    found, left, at = [], False, 0
    while at < len(run):
        fraction = _FRACTION.match(run, at)
        name = next((n for n in names if run[at : at + len(n)].upper() == n), None)
        if fraction:
            found.append(Token(f"FF{fraction[1] or 9}", True))
            at = fraction.end()
        elif name:
            found.append(Token(name, True))
            at += len(name)
        else:
            left = left or run[at] != "T" or len(run) == 1
            found.append(Token(run[at], False))
            at += 1
    return found, left


def is_for_times(text: str) -> bool:
    """Whether a format is one of dates and times rather than of numbers."""
    bare = re.sub(r'"[^"]*"', "", text).upper()
    bare = re.sub(r"HH24|HH12|H24|H12|FF[0-9]", "YY", bare)
    return re.search(r"[90X$]|TM", bare) is None and any(t.is_element for t in tokens(text))


class Reading(NamedTuple):
    """How texts of a format are read: a pattern, and what of it comes where; see ORDER."""

    pattern: str
    rewritten: str


@cache
def reading(text: str) -> Reading:
    """Make a format the pattern of its texts."""
    pattern = ""
    places: dict[str, int] = {}
    parsed = tokens(text)
    twelve = any(t.is_element and t.text in ("HH12", "H12") for t in parsed)
    for at, token in enumerate(parsed):
        following = parsed[at + 1] if at + 1 < len(parsed) else None
        if not token.is_element:
            fraction = following is not None and following.text.startswith("FF")
            pattern += "" if token.text == "." and fraction else re.escape(token.text)
            continue
        part, piece = _piece(token.text, following)
        if part and part in places:
            raise unsupported(f"the format '{text}': it has two elements for one part")
        if part:
            places[part] = len(places) + 1
        dotted = at and parsed[at - 1] == Token(".", False) and part == "fraction"
        pattern += rf"(?:\.({piece}))?" if dotted else f"({piece})" if part else f"(?:{piece})"
        if following is not None and following.is_element and part != "fraction":
            pattern += " ?"
    if "half" in places and not twelve:
        raise unsupported(f"the format '{text}': AM and PM need HH12")
    year = "year" if "short" not in places else "short"
    order = [year, *ORDER[1:]]
    parts = [rf"\{places[p]}" if p in places else _MISSING.get(p, "") for p in order]
    parts[0] = f"~{parts[0]}" if year == "short" else parts[0]
    if twelve and "half" not in places:
        parts[ORDER.index("half")] = "am"
    return Reading(pattern, "|".join(parts))


def _piece(element: str, following: Token | None) -> tuple[str, str]:
    if element.startswith("FF"):
        return "fraction", rf"\d{{0,{element[2:]}}}"
    part, piece = _PARTS[element]
    digits = following is not None and following.is_element and following.text in _PARTS
    if digits and r"\d{1," in piece and following is not None:
        ahead = _PARTS[following.text][1]
        if ahead.startswith(r"\d"):
            piece = rf"\d{{{_WIDTHS.get(element, 2)}}}"
    return part, piece
