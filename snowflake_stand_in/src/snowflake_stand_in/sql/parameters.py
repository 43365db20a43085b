"""Session parameters: their defaults, what they can be, and what SHOW PARAMETERS says of them.

The default TIMEZONE is UTC here; an account's is America/Los_Angeles, until it is set.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from snowflake_stand_in.sql import time_formats
from snowflake_stand_in.sql.errors import compilation, unsupported

TIMESTAMP_TYPES = ("TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TIMESTAMP_TZ")


class Parameter(NamedTuple):
    """A session parameter; only `allowed` values are right here, where there are any."""

    default: str
    kind: str
    description: str
    allowed: tuple[str, ...] = ()


def _text(default: str, description: str) -> Parameter:
    return Parameter(default, "STRING", description)


def _number(default: int, description: str, *allowed: int) -> Parameter:
    return Parameter(str(default), "NUMBER", description, tuple(map(str, allowed)))


def _flag(default: str, description: str, *allowed: str) -> Parameter:
    return Parameter(default, "BOOLEAN", description, allowed)


PARAMETERS = {
    "ABORT_DETACHED_QUERY": _flag("false", "abort queries whose client has disappeared"),
    "AUTOCOMMIT": _flag("true", "whether a statement is a transaction of its own"),
    "BINARY_INPUT_FORMAT": Parameter("HEX", "STRING", "input format for binary", ("HEX",)),
    "BINARY_OUTPUT_FORMAT": Parameter("HEX", "STRING", "display format for binary", ("HEX",)),
    "CLIENT_SESSION_KEEP_ALIVE": _flag("false", "whether a client's session never expires"),
    "CLIENT_TIMESTAMP_TYPE_MAPPING": _text("TIMESTAMP_LTZ", "type of bound timestamps"),
    "DATE_INPUT_FORMAT": _text("AUTO", "input format for date"),
    "DATE_OUTPUT_FORMAT": _text("YYYY-MM-DD", "display format for date"),
    "ERROR_ON_NONDETERMINISTIC_MERGE": _flag(
        "true", "raise an error when a MERGE joins a row with many", "true"
    ),
    "ERROR_ON_NONDETERMINISTIC_UPDATE": _flag(
        "false", "raise an error when an UPDATE joins a row with many", "false"
    ),
    "JSON_INDENT": _number(2, "width of indentation in JSON output"),
    "LOCK_TIMEOUT": _number(43200, "seconds to wait for a lock"),
    "QUERY_TAG": _text("", "text that tags a session's statements"),
    "QUOTED_IDENTIFIERS_IGNORE_CASE": _flag("false", "ignore the case of quoted identifiers"),
    "ROWS_PER_RESULTSET": _number(0, "maximum number of rows in a result set", 0),
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": _number(0, "timeout of queued statements"),
    "STATEMENT_TIMEOUT_IN_SECONDS": _number(172800, "timeout of statements"),
    "STRICT_JSON_OUTPUT": _flag("false", "whether JSON output keeps to its specification"),
    "TIMESTAMP_DAY_IS_ALWAYS_24H": _flag("false", "whether a day always has 24 hours", "false"),
    "TIMESTAMP_INPUT_FORMAT": _text("AUTO", "input format for timestamp"),
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": _text("", "display format for TIMESTAMP_LTZ"),
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": _text(
        "YYYY-MM-DD HH24:MI:SS.FF3", "display format for TIMESTAMP_NTZ"
    ),
    "TIMESTAMP_OUTPUT_FORMAT": _text(
        "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM", "default display format for timestamps"
    ),
    "TIMESTAMP_TYPE_MAPPING": Parameter(
        "TIMESTAMP_NTZ", "STRING", "the type that TIMESTAMP stands for", TIMESTAMP_TYPES
    ),
    "TIMESTAMP_TZ_OUTPUT_FORMAT": _text("", "display format for TIMESTAMP_TZ"),
    "TIMEZONE": _text("Etc/UTC", "time zone"),
    "TIME_INPUT_FORMAT": _text("AUTO", "input format for time"),
    "TIME_OUTPUT_FORMAT": _text("HH24:MI:SS", "display format for time"),
    "TRANSACTION_ABORT_ON_ERROR": _flag("false", "whether an error ends its transaction", "false"),
    "TRANSACTION_DEFAULT_ISOLATION_LEVEL": Parameter(
        "READ COMMITTED", "STRING", "isolation of transactions", ("READ COMMITTED",)
    ),
    "TWO_DIGIT_CENTURY_START": _number(1970, "first year of two digits", *range(1900, 2101)),
    "UNSUPPORTED_DDL_ACTION": Parameter(
        "ignore", "STRING", "what unsupported DDL does", ("IGNORE", "FAIL")
    ),
    "USE_CACHED_RESULT": _flag("true", "whether results are used again"),
    "WEEK_OF_YEAR_POLICY": _number(0, "which week is the first of a year", 0, 1),
    "WEEK_START": _number(0, "first day of the week", *range(8)),
}


DEFAULTS = {name: parameter.default for name, parameter in PARAMETERS.items()}


@cache
def zones() -> frozenset[str]:
    """Return the names of time zones, which mind case."""
    return frozenset(zoneinfo.available_timezones())


def checked(name: str, value: object) -> str:
    """Return a parameter's value as it is kept, or raise Snowflake's error.

    What isn't listed here has no meaning for results, and is kept as it is.
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    known = PARAMETERS.get(name)
    if known is None:
        return text
    if known.kind == "BOOLEAN":
        text = {"on": "true", "off": "false", "1": "true", "0": "false"}.get(
            text.lower(), text.lower()
        )
        if text not in ("true", "false"):
            raise _invalid(name, value)
    if known.kind == "NUMBER" and not text.lstrip("-").isdigit():
        raise _invalid(name, value)
    if known.allowed:
        return _allowed(name, known, text)
    if name == "TIMEZONE" and text not in zones():
        raise _invalid(name, value)
    if name.endswith("_OUTPUT_FORMAT"):
        time_formats.tokens(text)
    if name.endswith("_INPUT_FORMAT") and text.upper() != "AUTO":
        time_formats.reading(text)
    return text


def among(properties: Mapping[str, str]) -> dict[str, str]:
    """Return those of a user's properties that are parameters."""
    return {name: value for name, value in properties.items() if name in PARAMETERS}


def _allowed(name: str, known: Parameter, text: str) -> str:
    found = next((value for value in known.allowed if value.upper() == text.upper()), None)
    if found is not None:
        return found
    if len(known.allowed) == 1:
        raise unsupported(f"{name} other than {known.allowed[0]}")
    raise _invalid(name, text)


def _invalid(name: str, value: object) -> Exception:
    return compilation(1008, f"invalid value [{value}] for parameter '{name}'")


def output_format(values: Mapping[str, str], kind: str) -> str:
    """Return the format in which a DATE, TIME or TIMESTAMP_… becomes text."""
    own = values.get(f"{kind}_OUTPUT_FORMAT", "")
    return own or (values["TIMESTAMP_OUTPUT_FORMAT"] if kind.startswith("TIMESTAMP") else own)


class Shared(dict[str, str]):
    """Parameters as they hold for a statement: copies of its tree share them."""

    def __deepcopy__(self, _: object) -> Shared:
        """Return itself: a tree is copied often."""
        return self
