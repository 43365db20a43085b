"""A behaviour of Snowflake as its documentation describes it, in the form that tables take."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

DOCUMENTATION = "https://docs.snowflake.com/en/"


@dataclass(frozen=True)
class Behaviour:
    """After `statements`, the last one's rows are `rows`, or it fails.

    A statement that begins with `!` may fail. `page` is below DOCUMENTATION; `types` are the
    columns' types as the connector names them; `code` is the error's, where it is known.
    """

    name: str
    says: str
    page: str
    statements: Sequence[str]
    rows: Sequence[tuple[Any, ...]] = ()
    fails: bool = False
    code: int | None = None
    types: Sequence[str] | None = None


@dataclass(frozen=True)
class Json:
    """A VARIANT, which arrives as JSON text whose white space means nothing."""

    value: Any

    def __eq__(self, other: object) -> bool:
        """Whether the text says the same."""
        return isinstance(other, str) and bool(json.loads(other) == self.value)

    __hash__ = None  # type: ignore[assignment]


def value(
    name: str, says: str, page: str, expression: str, expected: Any, kind: str | None = None
) -> Behaviour:
    """State what an expression gives, and perhaps its type."""
    types = [kind] if kind else None
    return Behaviour(name, says, page, [f"select {expression} as x"], [(expected,)], types=types)


def rows(
    name: str, says: str, page: str, statements: Sequence[str], *expected: tuple[Any, ...]
) -> Behaviour:
    """State the rows of the last statement."""
    return Behaviour(name, says, page, statements, expected)


def fails(
    name: str, says: str, page: str, statements: Sequence[str], code: int | None = None
) -> Behaviour:
    """State that the last statement is an error."""
    return Behaviour(name, says, page, statements, fails=True, code=code)


def documented(name: str, says: str, page: str) -> pytest.MarkDecorator:
    """Mark a test function as the check of a behaviour."""
    return pytest.mark.behaviour(name=name, says=says, page=page)


def same(found: Any, expected: Any) -> bool:
    """Whether two results are equal; numbers by value, everything else by type as well."""
    if isinstance(expected, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(expected)
            and all(map(same, found, expected))
        )
    if isinstance(expected, Json):
        return bool(expected == found)
    if _is_number(expected) and _is_number(found):
        return bool(abs(Decimal(found) - Decimal(expected)) < Decimal("1e-9"))
    return type(found) is type(expected) and bool(found == expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
