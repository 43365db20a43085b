"""A value of the wrong kind makes its field null, is counted and shown, and stops nothing.

Which fields there are is read from the compiled model, so that a new one is tried too.
"""

import json
import random
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from dbt.artifacts.resources.types import NodeType
from sqlglot import exp, parse_one

from include.sql.odd_values import odd_values
from tests.dbt.warehouse import Event, Warehouse, hour_name

SEED = 20170301
HOUR = datetime(2015, 3, 1, 5)
DAY = HOUR.date()

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
TIME = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)", re.ASCII)
BOOLEANS = {"true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0"}


def is_odd(kind: str, value: Any) -> bool | None:
    """Tell whether Snowflake can't read a JSON value as a number, boolean or time.

    None where it may be read or not: its reference doesn't say, or the stand-in differs.
    """
    if value is None:
        return False
    if isinstance(value, dict | list):
        return True
    return {"number": _is_no_number, "boolean": _is_no_boolean, "time": _is_no_time}[kind](value)


def _is_no_number(value: Any) -> bool | None:
    if isinstance(value, bool):
        return True
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            # With blanks around it, it may be read
            return None if NUMBER.fullmatch(value.strip()) else True
        value = float(value)
    # The stand-in's whole numbers have 64 bits, Snowflake's 38 digits
    return None if 2**63 <= abs(value) < 1e38 else abs(value) >= 1e38


def _is_no_boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.lower() not in BOOLEANS
    return None if value in (0, 1) else True


def _is_no_time(value: Any) -> bool | None:
    if not isinstance(value, str):
        return True
    if not (parts := TIME.match(value)):
        # Shorter forms may be read
        return None if re.match(r"\s*\d", value, re.ASCII) else True
    try:
        datetime(*map(int, parts.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None if parts[1] == "0000" else True
    # Its offset may lead out of what a time can be
    return False if "0002" < parts[1] < "9999" else None


FINE: dict[str, list[Any]] = {
    "number": [7, "7", 7.0, -3, "2.5", 10**37, None],
    "boolean": [True, False, "true", "F", None],
    "time": ["2015-01-01T12:00:01Z", "2012/03/10 22:55:15 -0800", None],
}
ODD = [
    *("", " ", "n/a", "maybe", "12abc", "0x1f", "1,000", "1_000", "--1", "1e", "1e400", "NaN"),
    *(
        "Infinity",
        "null",
        "{}",
        "'",
        '"',
        "\\",
        "\u0000",
        "\ud83d\ude00",
        "٣",
        "\uff11\uff12",
        "²",
        "½",
    ),
    *(1e39, -1e39, 1e308, 10**38, 10**60, -(10**60), 2.5, 10**37, "9" * 39, "9" * 400),
    *(True, False, [], [1], ["7"], {}, {"a": 1}, {"id": 7}, [[[{"id": [7]}]]]),
    *("2015-13-01T00:00:00Z", "2015-02-30T00:00:00Z", "2015-01-01T25:00:00Z", "2015-01-01"),
    *("0000-00-00T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *(
        "10000-01-01T00:00:00Z",
        "2015-01-01T00:00:00+99:99",
        "\uff12\uff10\uff11\uff15-01-01T00:00:00Z",
        1420070400,
    ),
    *("ann@example.org", {"email": "ann@example.org"}, ["a\\u0040b"]),
]
ALPHABET = "0123456789" * 3 + "+-.,eExX_ :/TZ\t\n" + "aé٣\uff11½\u200b\u202e\U0001f600\u0000"


def odd_json(draw: random.Random, depth: int = 3) -> Any:
    """Return any JSON value, most of them odd."""
    match draw.randrange(8):
        case 0:
            return "".join(draw.choices(ALPHABET, k=draw.randrange(30)))
        case 1:
            return draw.uniform(-10, 10) * 10.0 ** draw.randrange(-20, 300)
        case 2:
            return draw.randrange(-(10 ** draw.randrange(1, 60)), 10**40)
        case 3 if depth:
            return [odd_json(draw, depth - 1) for _ in range(draw.randrange(4))]
        case 4 if depth:
            keys = ("id", "number", "", "a b", "email", "٣")
            return {draw.choice(keys): odd_json(draw, depth - 1) for _ in range(draw.randrange(4))}
        case _:
            return draw.choice(ODD)


def put(event: Event, path: str, value: Any) -> None:
    """Put a value at a path (`payload:number`), whatever was on the way."""
    *parents, last = path.replace("[0]", "").split(":")
    place = event
    for key in parents:
        if not isinstance(place.get(key), dict):
            place[key] = {}
        place = place[key]
    place[last] = value


def at(event: Any, path: str) -> Any:
    """Return what is at a path, None if there is nothing."""
    for key in path.split(":"):
        event = event.get(key) if isinstance(event, dict) else None
    return event


def ordinary(number: int, hour: datetime = HOUR) -> Event:
    """Return an event that is as it should be."""
    return {
        "id": str(number),
        "type": "PushEvent",
        "created_at": f"{hour.isoformat()}Z",
        "actor": {"id": 1, "login": "ann"},
        "repo": {"id": 2, "name": "ann/lib"},
        "payload": {},
    }


@pytest.fixture(scope="module")
def compiled(warehouse: Warehouse) -> exp.Expr:
    """Return the model as dbt sends it."""
    results = warehouse.dbt_results("compile", "--select", "event_rows")
    (code,) = (r.node.compiled_code for r in results if r.node.resource_type == NodeType.Model)
    return parse_one(code or "", dialect="snowflake")


def paths_read(model: exp.Expr) -> dict[str, str]:
    """Return the paths of the event that a model reads, by the columns they become."""
    paths = {}
    for read in model.find_all(exp.JSONExtract):
        path = read.expression.sql("snowflake").strip("'").replace(".", ":")
        column = read.find_ancestor(exp.Alias)
        assert column is not None
        paths[column.alias] = path
    return paths


@pytest.fixture(scope="module")
def fields(compiled: exp.Expr) -> dict[str, str]:
    """Return the kind of each typed field, by its path in the event."""
    paths = paths_read(compiled)
    kinds = {}
    for tried in compiled.find_all(exp.TryCast, exp.ToBoolean):
        if isinstance(tried.this, exp.Column):
            is_number = isinstance(tried, exp.TryCast)
            kinds[paths[tried.this.name]] = "number" if is_number else "boolean"
    for name, path in paths.items():
        if name.endswith("_text"):
            kinds.setdefault(path, "time")
    assert len(kinds) >= 33
    assert Counter(kinds.values())["time"] == 4
    return kinds


def test_nothing_is_read_in_a_way_that_can_fail(compiled: exp.Expr) -> None:
    """Of the event only texts, and of texts only what may be null; so odd values are all told."""
    for read in compiled.find_all(exp.JSONExtract):
        cast = read.parent
        assert type(cast) is exp.Cast, read.sql()
        assert cast.to.this in exp.DataType.TEXT_TYPES, read.sql()
    for function in compiled.find_all(exp.Cast, exp.ToBoolean, exp.StrToTime):
        columns = {column.name for column in function.find_all(exp.Column)}
        is_text = isinstance(function, exp.Cast) and function.to.this in exp.DataType.TEXT_TYPES
        if function.args.get("safe"):
            # A Timeline comment's number is a part of its page's address
            assert columns == {"url"} or all(name.endswith("_text") for name in columns), (
                function.sql()
            )
        elif columns and not is_text:
            assert function.sql("snowflake") == "CAST(created_at AS DATE)"


def built(warehouse: Warehouse, hour: datetime, events: list[Event]) -> dict[int, dict[str, str]]:
    """Load an hour and build; return what is told of each line."""
    warehouse.load({hour_name(hour): events})
    warehouse.dbt("run", "--select", "event_rows", "events", "odd_values", "odd_value_samples")
    rows = warehouse.query(
        "select file_row_number, odd_values from silver.event_rows where file_name = ?",
        hour_name(hour),
    )
    assert len(rows) == len(events)
    return {
        number: dict(line.split(" ", 1) for line in told.split("\n")) if told else {}
        for number, told in rows
    }


def unlike(
    events: list[Event], told: dict[int, dict[str, str]], kinds: dict[str, str]
) -> list[Any]:
    """Return where what is told isn't what Snowflake can't read."""
    return [
        (path, at(event, path), told[line].get(path))
        for line, event in enumerate(events, start=1)
        for path, kind in kinds.items()
        if is_odd(kind, at(event, path)) not in (None, path in told[line])
    ]


@pytest.fixture(scope="module")
def each(warehouse: Warehouse, fields: dict[str, str]) -> tuple[list[Event], dict[int, Any]]:
    """Load an event for each field and value, odd or fine."""
    events: list[Event] = []
    for path, kind in fields.items():
        for value in ODD + FINE[kind]:
            events.append(ordinary(len(events)))
            put(events[-1], path, value)
    return events, built(warehouse, HOUR, events)


def test_each_odd_value_of_each_field_is_told(
    each: tuple[list[Event], dict[int, Any]], fields: dict[str, str]
) -> None:
    """And none that can be read, nor any of the event's other fields."""
    events, told = each
    assert unlike(events, told, fields) == []
    assert {path for of_line in told.values() for path in of_line} == set(fields)


def test_they_are_counted_by_day_and_field(
    warehouse: Warehouse, each: tuple[list[Event], dict[int, Any]]
) -> None:
    counts = Counter(path for of_line in each[1].values() for path in of_line)
    found = warehouse.query(
        "select field, odd_count from gold.odd_values where file_date = to_date(?, 'YYYY-MM-DD')",
        DAY.isoformat(),
    )
    assert dict(found) == counts


def test_an_alert_tells_of_the_days_fields(
    warehouse: Warehouse, each: tuple[list[Event], dict[int, Any]], fields: dict[str, str]
) -> None:
    """How many of each, and none of their values."""
    count = sum("payload:number" in of_line for of_line in each[1].values())
    told = odd_values(warehouse.connection, [f"{DAY}T00", f"{DAY}T23"])
    assert told is not None
    assert f"{DAY}: payload:number is no number, boolean or time (lines: {count})\n" in told
    assert len(told.splitlines()) == len(fields) + 1
    assert odd_values(warehouse.connection, ["2015-02-28T00", "2015-02-28T23"]) is None


def test_a_few_are_shown_with_their_place_in_bronze(
    warehouse: Warehouse, each: tuple[list[Event], dict[int, Any]], fields: dict[str, str]
) -> None:
    """Five of a field, cut to a hundred characters."""
    shown = warehouse.query(
        "select field, file_name, file_row_number, odd_value from silver.odd_value_samples"
        " where file_date = to_date(?, 'YYYY-MM-DD')",
        DAY.isoformat(),
    )
    assert Counter(field for field, *_ in shown) == dict.fromkeys(fields, 5)
    for field, name, line, value in shown:
        (event,) = warehouse.query(
            "select event from bronze.events_current where file_name = ? and file_row_number = ?",
            name,
            line,
        )[0]
        raw = at(json.loads(event), field)
        if isinstance(raw, str):
            assert value == raw[:100]
    assert max(len(text) for of_line in each[1].values() for text in of_line.values()) == 100


def test_no_address_leaves_bronze(each: tuple[list[Event], dict[int, Any]]) -> None:
    texts = [text for of_line in each[1].values() for text in of_line.values()]
    assert "hidden: it may hold an e-mail address" in texts
    assert not [text for text in texts if "@" in text or "u0040" in text]


@pytest.mark.parametrize(
    "count", [300, pytest.param(20_000, marks=pytest.mark.long)], ids=lambda count: f"{count}"
)
def test_any_json_anywhere_stops_nothing(
    warehouse: Warehouse, compiled: exp.Expr, fields: dict[str, str], count: int
) -> None:
    """In some of all the paths that the model reads, texts' too; each line is a row."""
    draw = random.Random(SEED)
    paths = sorted(set(paths_read(compiled).values()) - {"id", "type", "created_at"})
    hour = HOUR + timedelta(days=count)
    events = []
    for number in range(count):
        events.append(ordinary(number, hour))
        for path in draw.sample(paths, draw.randrange(1, 6)):
            put(events[-1], path, odd_json(draw))
    told = built(warehouse, hour, events)
    assert unlike(events, told, fields) == []
    assert warehouse.query(
        "select count(*) from silver.events where file_name = ?", hour_name(hour)
    ) == [(count,)]
