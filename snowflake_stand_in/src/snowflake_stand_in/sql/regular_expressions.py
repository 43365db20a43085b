"""Functions of regular expressions, in Python: POSIX's extended ones and Perl's backslashes.

DuckDB's own take no position, occurrence or part of a match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from snowflake_stand_in.sql.json_values import MISSING

_CLASSES = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
_PART = re.compile(
    r"\\(?P<escaped>.)|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])|(?P<group>\(\?.)"
    r"|(?P<lazy>(?:[*+?]|\{\d+(?:,\d*)?\})\?)|(?P<end>\$)",
    re.DOTALL,
)
_REFERENCE = re.compile(r"\\(.)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def reason_against(pattern: str) -> str | None:
    """Return why a pattern isn't one of Snowflake's, None if it is."""
    for part in _PART.finditer(pattern):
        if part["lazy"]:
            return "non-greedy quantifiers in a regular expression"
        if part["group"]:
            return "groups that begin with (? in a regular expression"
        if part["escaped"] and part["escaped"].isdigit():
            return "back-references in a regular expression's pattern"
    return None


def flags(parameters: str) -> str:
    """Return the parameters that tell how to match: of c and i, the last counts."""
    if unknown := set(parameters) - set("cimes"):
        raise ValueError(f"Invalid regexp parameter: {''.join(sorted(unknown))}")
    folds = [mark for mark in parameters if mark in "ci"][-1:] == ["i"]
    return "i" * folds + "".join(mark for mark in "ms" if mark in parameters)


@lru_cache(maxsize=256)
def _compiled(pattern: str, parameters: str) -> re.Pattern[str]:
    if reason := reason_against(pattern):
        raise ValueError(f"Unsupported feature: {reason}")
    found = re.ASCII
    for mark in flags(parameters):
        found |= _FLAGS[mark]
    end = "$" if found & re.MULTILINE else r"\Z"

    def python(part: re.Match[str]) -> str:
        if part["set"]:
            opening = re.match(r"\[\^?\]?", part["set"])
            assert opening is not None
            rest = part["set"][opening.end() : -1].replace("[", r"\[")
            inner = re.sub(r"\\\[:(\w+):\]", lambda name: _CLASSES[name[1]], rest)
            return f"{opening[0].replace(']', chr(92) + ']')}{inner}]"
        return end if part["end"] else part[0]

    try:
        return re.compile(_PART.sub(python, pattern), found)
    except (re.error, KeyError) as error:
        raise ValueError(f"Invalid regular expression: '{pattern}', {error}") from None


def _matches(subject: str, pattern: str, position: str, parameters: str) -> Iterator[re.Match[str]]:
    """Find the matches from a position on; the empty pattern has none."""
    if int(position) < 1:
        raise ValueError(f"Position must be positive: {position}")
    if not pattern:
        return
    end = -1
    for match in _compiled(pattern, parameters).finditer(subject[int(position) - 1 :]):
        # Right after a match, nothing isn't another
        if match.end() > match.start() or match.start() != end:
            yield match
        end = match.end()


def _group(pattern: str, parameters: str, group: str | None) -> int:
    if group is not None:
        return int(group)
    return int("e" in parameters and _compiled(pattern, parameters).groups > 0)


def regexp_count(subject: str, pattern: str, position: str = "1", parameters: str = "c") -> Any:
    """REGEXP_COUNT."""
    return sum(1 for _ in _matches(subject, pattern, position, parameters))


def regexp_instr(
    subject: str,
    pattern: str,
    position: str = "1",
    occurrence: str = "1",
    option: str = "0",
    parameters: str = "c",
    group: str | None = None,
) -> Any:
    """REGEXP_INSTR."""
    match = _nth(subject, pattern, position, occurrence, parameters)
    number = _group(pattern, parameters, group)
    if match is None or number > match.re.groups or match.start(number) < 0:
        return 0
    place = match.end(number) if int(option) else match.start(number)
    return place + int(position)


def regexp_substr(
    subject: str,
    pattern: str,
    position: str = "1",
    occurrence: str = "1",
    parameters: str = "c",
    group: str | None = None,
) -> Any:
    """REGEXP_SUBSTR."""
    match = _nth(subject, pattern, position, occurrence, parameters)
    number = _group(pattern, parameters, group)
    return MISSING if match is None or number > match.re.groups else match[number]


def _nth(
    subject: str, pattern: str, position: str, occurrence: str, parameters: str
) -> re.Match[str] | None:
    if int(occurrence) < 1:
        raise ValueError(f"Occurrence must be positive: {occurrence}")
    found = _matches(subject, pattern, position, parameters)
    return next(islice(found, int(occurrence) - 1, None), None)


def regexp_substr_all(
    subject: str,
    pattern: str,
    position: str = "1",
    occurrence: str = "1",
    parameters: str = "c",
    group: str | None = None,
) -> Any:
    """REGEXP_SUBSTR_ALL: NULL for a group that the pattern lacks."""
    number = _group(pattern, parameters, group)
    if pattern and number > _compiled(pattern, parameters).groups:
        return MISSING
    found = _matches(subject, pattern, position, parameters)
    return [match[number] for match in islice(found, int(occurrence) - 1, None)]


def regexp_replace(
    subject: str,
    pattern: str,
    replacement: str = "",
    position: str = "1",
    occurrence: str = "0",
    parameters: str = "c",
) -> str:
    """REGEXP_REPLACE."""
    before, rest = subject[: int(position) - 1], subject[int(position) - 1 :]
    parts, at = [before], 0
    for number, match in enumerate(_matches(subject, pattern, position, parameters), 1):
        if int(occurrence) in (0, number):
            parts += [rest[at : match.start()], _filled(replacement, match)]
            at = match.end()
    return "".join([*parts, rest[at:]])


def _filled(replacement: str, match: re.Match[str]) -> str:
    """Put what groups have matched into a replacement."""

    def value(reference: re.Match[str]) -> str:
        mark = reference[1]
        if not mark.isdigit():
            return str(mark)
        return (match[int(mark)] or "") if int(mark) <= match.re.groups else ""

    return _REFERENCE.sub(value, replacement)


FUNCTIONS = (regexp_count, regexp_instr, regexp_replace, regexp_substr, regexp_substr_all)
