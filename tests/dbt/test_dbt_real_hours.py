"""What real hours of each era become: row by row against a separate program, and as a whole."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.oracle import FIGURES, History
from tests.dbt.warehouse import TABLES, Event, Warehouse, read_hour
from tests.sql_lint.complaints import judge
from tests.sql_lint.statements import Statement

# Two builds with every test of data, on a busy machine
pytestmark = pytest.mark.timeout(900)

FIRST = {
    "2015/01/01/12.json.gz": "2015-01-01-12.json.gz",
}
# Before and after the first; most of them are stragglers
THEN = {
    "2012/06/14/15.json.gz": "2012-06-14-15.json.gz",
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
        for name, source in (FIRST | THEN).items()
    }


@pytest.fixture(scope="module")
def history(loaded: dict[str, list[Event]]) -> History:
    return History(loaded)


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, loaded: dict[str, list[Event]]) -> Warehouse:
    """Load and build twice, tests of data and rules included."""
    warehouse.load({name: loaded[name] for name in FIRST})
    warehouse.dbt("build")
    warehouse.load({name: loaded[name] for name in THEN})
    # The rules judge the code, which is the same the second time
    warehouse.dbt("build", "--exclude", "test_type:unit")
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


def test_every_line_is_a_row(built: Warehouse, loaded: dict[str, list[Event]]) -> None:
    rows = dict(built.query("select file_name, count(*) from silver.event_rows group by 1"))
    assert rows == {name: len(events) for name, events in loaded.items()}
    assert built.query("select count(*) from silver.rejected_events") == [(0,)]


def test_ledger_bronze_silver_and_gold_reconcile(built: Warehouse) -> None:
    checks = built.query(
        "select check_name, subject_count, mismatch_count from gold.reconciliation"
    )
    assert checks
    assert [check for check, subjects, mismatches in checks if not subjects or mismatches] == []


def test_no_e_mail_goes_beyond_bronze(built: Warehouse) -> None:
    e_mail = re.compile(r"[0-9a-f]{40}@")
    assert not [row for rows in built.snapshot().values() for row in rows if e_mail.search(row)]


def test_what_dbt_sends_is_right_on_snowflake(built: Warehouse) -> None:
    """As all of the product's SQL: tests/sql_lint."""
    # Both forms of a model are there: the first table, and the change set
    assert any("create or replace transient" in sql for sql in built.sent)
    assert any("$first_changed" in sql for sql in built.sent)
    judge([Statement(f"dbt: {sql[:60]!r}", sql) for sql in built.sent], style=False)


def test_compiled_models_are_right_on_snowflake(built: Warehouse) -> None:
    """In the form of the last build, which is incremental."""
    models = (built.scratch / "compiled" / "gharchive" / "models").rglob("*.sql")
    # Below SCHEMA.yml are dbt's own tests and unit tests
    files = sorted(f for f in models if not any(p.suffix == ".yml" for p in f.parents))
    assert {file.stem for file in files} == set(built.models())
    judge([Statement(f"dbt model {file.stem}", file.read_text()) for file in files])


def test_a_build_with_nothing_new_changes_nothing(built: Warehouse) -> None:
    before, watermarks = built.snapshot(), built.watermarks()
    built.dbt("run", "--select", TABLES)
    assert built.snapshot() == before
    assert built.watermarks() == watermarks
