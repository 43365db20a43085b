"""Simulated days: every line that was loaded is counted once, from the ledger to Gold."""

import json
from datetime import datetime, timedelta

import pytest

from local.gharchive.simulator import simulate
from tests.dbt.warehouse import Warehouse, hours

FIRST_DAY = datetime(2015, 3, 1)
EVENTS_PER_HOUR = 10

# What the reconciliation and the coverage are made of
CHECKED = ["+reconciliation", "+coverage", "rejected_events"]


def load_days(warehouse: Warehouse, first: datetime, days: int) -> None:
    """Load these days' hours, a day a load."""
    for number in range(days):
        day = first + timedelta(days=number)
        names = hours(day, 24)
        warehouse.load(
            {
                name: [
                    json.loads(line)
                    for line in simulate(
                        day + timedelta(hours=hour), events_per_hour=EVENTS_PER_HOUR
                    )
                ]
                for hour, name in enumerate(names)
            }
        )


@pytest.mark.parametrize(
    ("days", "days_per_run"),
    [
        (4, 2),
        pytest.param(30, 3, marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_days_reconcile_from_the_ledger_to_gold(
    warehouse: Warehouse, days: int, days_per_run: int
) -> None:
    for number in range(0, days, days_per_run):
        load_days(warehouse, FIRST_DAY + timedelta(days=number), days_per_run)
        warehouse.dbt("build", "--select", *CHECKED, "--exclude", "test_type:unit")

    checks = warehouse.query("select check_name, mismatch_count from gold.reconciliation")
    assert len(checks) == 7
    assert not [name for name, mismatches in checks if mismatches]

    last_day = FIRST_DAY + timedelta(days=days - 1)
    coverage = warehouse.query(
        "select count(*), count_if(is_complete), sum(hours_loaded) from gold.coverage"
        " where event_date between cast(? as date) and cast(? as date)",
        FIRST_DAY.date().isoformat(),
        last_day.date().isoformat(),
    )
    assert coverage == [(days, days, days * 24)]

    [(kept, bronze, rows, rejects, events, duplicates)] = warehouse.query(
        "select (select sum(rows_kept) from ledger.current_loads),"
        " (select count(*) from bronze.events_current),"
        " (select count(*) from silver.event_rows),"
        " (select count(*) from silver.rejected_events),"
        " (select count(*) from silver.events),"
        " (select sum(duplicate_rows) from gold.date_reconciliation)"
    )
    print(f"{days} days: {kept} kept, {rejects} rejected, {duplicates} duplicates, {events} events")
    assert kept == bronze == rows == rejects + duplicates + events
    assert duplicates > 0
    for table in ("daily_activity", "event_hours", "repository_days", "actor_days"):
        assert warehouse.query(f"select sum(event_count) from gold.{table}") == [(events,)], table
