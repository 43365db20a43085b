"""A value of the wrong kind makes its field null, is told of, and stops nothing."""

import copy
import re
from datetime import datetime

import pytest

from tests.dbt.warehouse import PROJECT, Event, Warehouse, hour_name

MODEL = PROJECT / "models" / "silver" / "events" / "event_rows.sql"
FIELDS = dict(re.findall(r"^    '(\w+)': '([\w:]+)',$", MODEL.read_text(), re.M))
TIMES = {
    "opened_at": "payload:issue:created_at",
    "merged_at": "payload:pull_request:merged_at",
}
BOOLEANS = {"merged", "is_draft", "is_prerelease"}
ODD = ["", "n/a", "maybe", 1e39, -1e39, "1e400", "12abc", {"a": 1}, [1], "\u0000", "٣"]
FINE = {"number": [7, "7", 7.0, None], "boolean": [True, "true", False, None]}
HOUR = datetime(2015, 3, 1, 5)


def with_value(number: int, path: str, value: object) -> Event:
    """Return an event that is as it should be but for one field."""
    event: Event = {
        "id": str(number),
        "type": "PushEvent",
        "created_at": "2015-03-01T05:00:00Z",
        "actor": {"id": 1, "login": "ann"},
        "repo": {"id": 2, "name": "ann/lib"},
    }
    *parents, last = path.split(":")
    place = event
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = copy.deepcopy(value)
    return event


@pytest.fixture(scope="module")
def found(warehouse: Warehouse) -> dict[str, str | None]:
    """Return what is told of each event: by its id, the names of its odd values."""
    events = [
        with_value(number, path, value)
        for number, (path, value) in enumerate(
            [(path, value) for path in (FIELDS | TIMES).values() for value in ODD]
            + [
                (path, value)
                for name, path in FIELDS.items()
                for value in FINE["boolean" if name in BOOLEANS else "number"]
            ]
        )
    ]
    warehouse.load({hour_name(HOUR): events})
    warehouse.dbt("run", "--select", "event_rows", "events")
    rows = dict(warehouse.query("select event_id, odd_values from silver.event_rows"))
    assert len(rows) == len(events)
    return rows


@pytest.mark.parametrize("name", [*FIELDS, *TIMES])
def test_an_odd_value_is_null_and_told_of(found: dict[str, str | None], name: str) -> None:
    first = [*FIELDS, *TIMES].index(name) * len(ODD)
    assert [found[str(number)] for number in range(first, first + len(ODD))] == [name] * len(ODD)


def test_what_can_be_read_is_not_odd(found: dict[str, str | None]) -> None:
    first = len(FIELDS | TIMES) * len(ODD)
    assert {told for number, told in found.items() if int(number) >= first} == {None}
    assert len(found) > first


def test_the_events_are_all_there(found: dict[str, str | None], warehouse: Warehouse) -> None:
    assert warehouse.query("select count(*) from silver.events") == [(len(found),)]
