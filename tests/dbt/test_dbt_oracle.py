"""Silver and Gold of real hours of each era, row by row against a separate program."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.oracle import FIGURES, History
from tests.dbt.warehouse import Event, Warehouse, read_hour

FILES = {
    "2012/06/14/15.json.gz": "2012-06-14-15.json.gz",
    "2015/01/01/12.json.gz": "2015-01-01-12.json.gz",
    # Two events of each of 652 hours: every change of shape of eight years
    "2021/01/01/00.json.gz": "sample-2014-2021.json.gz",
    "2026/08/08/10.json.gz": "shapes-2026-08-08.json",
}
# Rows that say that nothing is known; there are two million of them
KNOWN = {
    "gold.event_trends": "where event_count is not null",
    "gold.coverage": "where hours_loaded > 0",
}


@pytest.fixture(scope="module")
def loaded(archive: Path) -> dict[str, list[Event]]:
    """Return the events by blob name."""
    return {
        name: read_hour(archive / source)
        if source.endswith(".gz")
        else [json.loads(line) for line in (archive / source).read_text().splitlines()]
        for name, source in FILES.items()
    }


@pytest.fixture(scope="module")
def history(loaded: dict[str, list[Event]]) -> History:
    return History(loaded)


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, loaded: dict[str, list[Event]]) -> Warehouse:
    warehouse.load(loaded)
    warehouse.dbt("run")
    return warehouse


def rounded(rows: Iterable[Iterable[Any]]) -> Counter[tuple[Any, ...]]:
    """Count rows, their fractions to six digits."""
    return Counter(
        tuple(round(value, 6) if isinstance(value, float) else value for value in row)
        for row in rows
    )


@pytest.mark.parametrize("table", FIGURES)
def test_a_table_is_what_the_files_say(table: str, built: Warehouse, history: History) -> None:
    rows = FIGURES[table](history)
    columns = list(rows[0])
    found = rounded(built.query(f"select {', '.join(columns)} from {table} {KNOWN.get(table, '')}"))
    expected = rounded(row.values() for row in rows)
    missing, unexpected = expected - found, found - expected
    differing = missing + unexpected
    assert not differing, (
        f"{missing.total()} rows of {expected.total()} are missing and {unexpected.total()} not"
        f" expected; columns {columns}, missing {sorted(missing, key=repr)[:3]}, not expected"
        f" {sorted(unexpected, key=repr)[:3]}"
    )


def test_hours_without_a_file_have_no_counts(built: Warehouse, history: History) -> None:
    hours = sorted(history.loaded_hours())
    span = int((hours[-1] - hours[0]).total_seconds()) // 3600 + 1
    kinds = {event.type for event in history.events}
    known = {
        (event.at.replace(minute=0, second=0), event.type)
        for event in history.events
        if hours[0] <= event.at.replace(minute=0, second=0) <= hours[-1]
    } | {(hour, kind) for hour in hours for kind in kinds}
    assert built.query(
        "select count(*), count(distinct event_hour), count(actor_count), count_if(is_hour_loaded)"
        " from gold.event_trends where event_count is null"
    ) == [(span * len(kinds) - len(known), span - len(hours), 0, 0)]


def test_each_era_has_its_events(built: Warehouse, history: History) -> None:
    expected = Counter(event.era for event in history.events)
    assert dict(built.query("select era, count(*) from silver.events group by era")) == expected
    assert set(expected) == {"timeline", "events", "trimmed"}
