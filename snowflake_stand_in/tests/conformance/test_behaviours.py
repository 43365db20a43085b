"""The behaviours that are statements and their result, over the Python connector."""

import re
from typing import Any, NamedTuple

import pytest
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import Behaviour, documented, same
from conformance.differences import DIFFERENCES
from conformance.target import Target
from conformance.topics import BEHAVIOURS

INTERNAL_ERROR = 603


class Observed(NamedTuple):
    """What the last statement did."""

    rows: list[tuple[Any, ...]]
    types: list[str]
    error: DatabaseError | None = None

    def agrees(self, expected: Behaviour) -> bool:
        """Whether this is what the documentation says."""
        if expected.fails:
            return self.error is not None and expected.code in (None, self.error.errno)
        return (
            self.error is None
            and same(self.rows, list(expected.rows))
            and expected.types in (None, self.types)
        )


def observe(cursor: SnowflakeCursor, statements: list[str]) -> Observed:
    """Run statements and look at the last."""
    *before, last = statements
    for statement in before:
        try:
            cursor.execute(statement.removeprefix("!"))
        except DatabaseError as error:
            if not statement.startswith("!"):
                return Observed([], [], error)
    try:
        cursor.execute(last)
        types = [FIELD_ID_TO_NAME[column.type_code] for column in cursor.description]
        return Observed([tuple(row) for row in cursor.fetchall()], types)
    except DatabaseError as error:
        return Observed([], [], error)


def _settings(behaviour: Behaviour) -> list[str]:
    """Return the parameters that a behaviour has set in its session."""
    texts = [s for s in behaviour.statements if s.startswith("alter session set ")]
    return [name for text in texts for name in re.findall(r"(\w+) = ", text)]


@pytest.mark.parametrize(
    "behaviour",
    [pytest.param(b, id=b.name, marks=documented(b.name, b.says, b.page)) for b in BEHAVIOURS],
)
def test_behaviour(
    request: pytest.FixtureRequest, target: Target, shared: SnowflakeCursor, behaviour: Behaviour
) -> None:
    if len(behaviour.statements) > 1:
        request.getfixturevalue("schema")
    found = observe(shared, list(behaviour.statements))
    for setting in _settings(behaviour):
        shared.execute(f"alter session unset {setting}")
    difference = DIFFERENCES.get(behaviour.name) if target.is_stand_in else None
    if difference is None:
        assert found.agrees(behaviour), found
        return
    assert not found.agrees(behaviour), "no longer differs: take it off the list"
    if not difference.is_silent:
        assert found.error is not None, found
        assert found.error.errno != INTERNAL_ERROR, found
        return
    assert found.error is None, found
    assert difference.rows is None or same(found.rows, list(difference.rows)), found
    assert difference.types in (None, found.types), found
