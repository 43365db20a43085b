"""What real hours become; their figures are those of `test_dbt_oracle`."""

import re
from pathlib import Path

import pytest

from tests.dbt.warehouse import Event, Warehouse, read_hour

FILES = {
    "2015/01/01/12.json.gz": "2015-01-01-12.json.gz",
    # Two events of each of 652 hours, so nearly all of them stragglers
    "2015/01/01/13.json.gz": "sample-2014-2021.json.gz",
}


@pytest.fixture(scope="module")
def loaded(archive: Path) -> dict[str, list[Event]]:
    """Return the events by blob name."""
    return {name: read_hour(archive / source) for name, source in FILES.items()}


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, loaded: dict[str, list[Event]]) -> Warehouse:
    """Load and build twice, tests of data and rules included."""
    once: tuple[str, ...] = ()
    for name, events in loaded.items():
        warehouse.load({name: events})
        warehouse.dbt("build", *once)
        # The rules judge the code, which is the same the second time
        once = ("--exclude", "test_type:unit")
    return warehouse


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


def test_a_build_with_nothing_new_changes_nothing(built: Warehouse) -> None:
    before, watermarks = built.snapshot(), built.watermarks()
    built.dbt("run")
    assert built.snapshot() == before
    assert built.watermarks() == watermarks
