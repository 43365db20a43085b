"""No window is too large: a table is filled in batches, and readers have the old one until then."""

import json
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from local.gharchive.simulator import simulate
from tests.dbt.warehouse import TABLES, Warehouse, hour_name, killed_at_write

FIRST_DAY = datetime(2015, 1, 20)
EVENTS_PER_HOUR = 20

# A table of each kind of key, and what they read
SOME = ["event_rows", "events", "daily_activity", "monthly_activity", "repository_days", "rankings"]
SOME += ["actor_days", "yearly_activity", "contributor_months", "actor_profiles"]


def load_at_once(warehouse: Warehouse, first: datetime, days: int) -> None:
    """Load an hour of each of these days, in one load."""
    hours = [first + timedelta(days=number, hours=number % 24) for number in range(days)]
    warehouse.load(
        {
            hour_name(hour): [
                json.loads(line) for line in simulate(hour, events_per_hour=EVENTS_PER_HOUR)
            ]
            for hour in hours
        }
    )


def batches(warehouse: Warehouse) -> dict[str, list[str]]:
    """Return the last keys of the batches that each model recorded; a window's last has none."""
    found: dict[str, list[str]] = defaultdict(list)
    for model, key in warehouse.query(
        "select model, last_key from ledger.model_progress where last_key != ''"
        " order by recorded_at"
    ):
        found[model].append(key)
    return found


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a batch take the rows of two hours."""
    monkeypatch.setenv("GHARCHIVE_BATCH_ROWS", str(2 * EVENTS_PER_HOUR))


@pytest.fixture(scope="module")
def filled(warehouse: Warehouse) -> Warehouse:
    """Load some days at once, and build what the tests look at."""
    load_at_once(warehouse, FIRST_DAY, 8)
    warehouse.dbt("run", "--select", *SOME)
    return warehouse


@pytest.mark.parametrize(
    ("days", "tables"),
    [(8, SOME), pytest.param(30, [TABLES], marks=[pytest.mark.long, pytest.mark.timeout(0)])],
)
@pytest.mark.usefixtures("small_batches")
def test_days_in_small_batches_equal_a_rebuild_at_once(
    filled: Warehouse, days: int, tables: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_at_once(filled, FIRST_DAY + timedelta(hours=3), days)
    before = batches(filled)
    filled.dbt("run", "--select", *tables)
    in_batches = filled.snapshot(tables)
    after = batches(filled)
    for model in ("event_rows", "events", "daily_activity"):
        assert len(after[model]) - len(before[model]) >= days // 4, model
    monkeypatch.delenv("GHARCHIVE_BATCH_ROWS")

    filled.dbt("run", "--full-refresh", "--select", *tables)

    assert filled.snapshot(tables) == in_batches


@pytest.mark.usefixtures("small_batches")
def test_a_killed_run_goes_on_where_it_was(filled: Warehouse) -> None:
    """Though a newer load has come meanwhile."""
    load_at_once(filled, FIRST_DAY + timedelta(hours=1), 8)
    done = len(batches(filled)["event_rows"])
    # A batch is BEGIN, DELETE, INSERT, its record and COMMIT; before them dbt records its command
    with killed_at_write(1 + 2 * 5 + 2):
        assert filled.dbt_failures("run", "--select", "event_rows")
    assert len(batches(filled)["event_rows"]) == done + 2
    load_at_once(filled, FIRST_DAY + timedelta(hours=2), 2)

    results = filled.dbt_results("run", "--select", "event_rows")

    assert results[-1].message == "2 batches", "the last one, and the newer load's"
    assert len(batches(filled)["event_rows"]) == done + 2
    in_batches = filled.snapshot(["event_rows"])
    filled.dbt("run", "--full-refresh", "--select", "event_rows")
    assert filled.snapshot(["event_rows"]) == in_batches


@pytest.mark.usefixtures("small_batches")
def test_readers_have_the_old_table_until_the_new_one_is_whole(filled: Warehouse) -> None:
    filled.dbt("run", "--select", "event_rows", "events")
    before = filled.snapshot(["events"])
    refresh = ("run", "--full-refresh", "--select", "events")
    with killed_at_write(1 + 1 + 2 * 5 + 2):
        assert filled.dbt_failures(*refresh)
    assert filled.snapshot(["events"]) == before
    done = batches(filled)["events"]

    filled.dbt(*refresh)

    assert filled.snapshot(["events"]) == before
    assert not set(batches(filled)["events"][len(done) :]) & set(done[-2:]), "done twice"
    assert not filled.query("show tables like '%rebuild' in database")


@pytest.mark.usefixtures("small_batches")
def test_a_rebuild_that_died_is_begun_again_if_its_parent_is_another(filled: Warehouse) -> None:
    refresh = ("run", "--full-refresh", "--select")
    with killed_at_write(1 + 1 + 2 * 5 + 2):
        assert filled.dbt_failures(*refresh, "daily_activity")
    done = len(batches(filled)["daily_activity"])
    filled.dbt(*refresh, "events")

    filled.dbt(*refresh, "daily_activity")

    assert len(batches(filled)["daily_activity"]) - done >= 3


@pytest.mark.parametrize("rows", ["0", "1e3"])
def test_a_wrong_setting_is_named(
    filled: Warehouse, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though there is nothing to do."""
    monkeypatch.setenv("GHARCHIVE_BATCH_ROWS", rows)
    message = filled.dbt_failures("run", "--select", "event_rows")["event_rows"]
    assert f"GHARCHIVE_BATCH_ROWS='{rows}' is no positive whole number" in (message or "")


def test_an_old_table_that_a_dead_rebuild_left_is_thrown_away(filled: Warehouse) -> None:
    """It died after the swap, so what is beside the table is the one of before."""
    filled.dbt("run", "--full-refresh", "--select", "events")
    before = filled.snapshot(["events"])
    filled.query("create transient table silver.events__rebuild (former number)")
    filled.query(
        "grant ownership on table silver.events__rebuild to role GHARCHIVE_TRANSFORMER"
        " copy current grants"
    )

    filled.dbt("run", "--full-refresh", "--select", "events")

    assert filled.snapshot(["events"]) == before
    assert not filled.query("show tables like '%rebuild' in database")


@pytest.mark.parametrize(
    "changes",
    [
        ["drop column actor_count"],
        ["rename column actor_count to actors"],
        ["add column former number(38, 0)"],
        ["drop column actor_count", "add column actor_count float"],
    ],
    ids=["new", "renamed", "gone", "retyped"],
)
def test_a_table_of_another_contract_is_built_again(filled: Warehouse, changes: list[str]) -> None:
    """An upgrade needs no command of its own; tables that read it go on from where they are."""
    tables = ["repository_days", "rankings"]
    filled.dbt("run", "--select", *SOME)
    before = filled.snapshot(tables)
    for change in changes:
        filled.query(f"alter table gold.repository_days {change}")

    filled.dbt("run", "--select", *tables)

    assert filled.snapshot(tables) == before
