"""However loads arrive, the incremental tables equal a full rebuild, row by row."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread

from tests.dbt.warehouse import TABLES, Event, Warehouse, hour_name, utc

MIDNIGHT = datetime(2015, 1, 2)
HOURS = [MIDNIGHT + timedelta(hours=hours) for hours in (-3, -2, -1, 0, 1, 26)]
TYPES = ["PushEvent", "WatchEvent", "PullRequestEvent", "ForkEvent"]


def event(number: int) -> Event:
    """Return an event of the hours around midnight; every fourth one is of the Timeline era."""
    draw = random.Random(number)
    at = MIDNIGHT + timedelta(hours=-4 + number * 32 / 160)
    actor, repo = draw.randrange(6), draw.randrange(8)
    login = f"user{actor}" if number < 80 else f"renamed{actor}"
    common = {"type": draw.choice(TYPES), "payload": {"action": "started"}, "public": True}
    if number % 4:
        return common | {
            "id": str(number % 150),
            "created_at": at.isoformat() + "Z",
            "actor": {"id": actor, "login": login},
            "repo": {"id": repo, "name": f"owner/repo{repo}"},
        }
    return common | {
        "created_at": (at - timedelta(hours=8)).isoformat() + "-08:00",
        "actor": login,
        "repository": {"name": f"repo{repo}", "owner": "owner", "url": f"https://x/repo{repo}"},
    }


EVENTS = [event(number) for number in range(160)]


def file_of(hour: datetime, draw: random.Random) -> list[Event]:
    """Return what a file of that hour may hold: stragglers and duplicates too, or nothing."""
    if draw.random() < 0.3:
        return []
    near = [event for event in EVENTS if abs(utc(event) - hour) < timedelta(hours=4)]
    return draw.choices(near, k=draw.randrange(1, 20))


def assert_equals_full_rebuild(warehouse: Warehouse) -> None:
    incremental = warehouse.snapshot()
    warehouse.dbt("run", "--full-refresh")
    rebuilt = warehouse.snapshot()
    for table in incremental:
        assert incremental[table] == rebuilt[table], table


def test_any_sequence_of_loads_and_runs(warehouse: Warehouse) -> None:
    draw = random.Random(20150101)
    models = [table for tables in TABLES.values() for table in tables]

    def load() -> None:
        chosen = draw.sample(HOURS, draw.randrange(1, 4))
        warehouse.load({hour_name(hour): file_of(hour, draw) for hour in chosen})

    def load_again_after_dropping_the_ledger_row() -> None:
        hour = draw.choice(HOURS)
        warehouse.drop_ledger_rows(hour_name(hour))
        warehouse.load({hour_name(hour): file_of(hour, draw)})

    def die_before_recording_the_watermark() -> None:
        warehouse.dbt("run", "--select", "path:models/silver")
        warehouse.query(
            "delete from ledger.model_watermarks"
            " where load_seq = (select max(load_seq) from ledger.model_watermarks)"
            " and model = ?",
            draw.choice(models[:4]),
        )

    def run_some() -> None:
        warehouse.dbt("run", "--select", *draw.sample(models, 4))

    def rebuild_one() -> None:
        warehouse.dbt("run", "--full-refresh", "--select", draw.choice(models))

    steps: list[Callable[[], None]] = [
        *[load] * 6,
        *[load_again_after_dropping_the_ledger_row] * 2,
        *[run_some] * 4,
        *[die_before_recording_the_watermark] * 2,
        rebuild_one,
    ]
    draw.shuffle(steps)
    load()
    warehouse.dbt("run")
    for step in steps:
        step()
    warehouse.dbt("build", "--exclude", "test_type:unit")
    assert_equals_full_rebuild(warehouse)


def test_loads_that_commit_while_dbt_runs(warehouse: Warehouse) -> None:
    draw = random.Random(7)

    def load_on_and_on() -> None:
        for _ in range(12):
            hour = draw.choice(HOURS)
            warehouse.load({hour_name(hour): file_of(hour, draw)})

    loads = Thread(target=load_on_and_on)
    loads.start()
    warehouse.dbt("build", "--exclude", "test_type:unit")
    loads.join()
    warehouse.dbt("run")
    assert_equals_full_rebuild(warehouse)


def test_emptying_every_file_empties_every_table(warehouse: Warehouse) -> None:
    warehouse.load({hour_name(hour): [] for hour in HOURS})
    warehouse.dbt("run")
    rows = warehouse.snapshot()
    empty = {table for table in rows if not rows[table]}
    assert empty == set(rows) - {"file_reconciliation", "date_reconciliation"}


def test_a_lost_row_fails_the_reconciliation(warehouse: Warehouse) -> None:
    warehouse.load({hour_name(hour): EVENTS[:20] for hour in HOURS[:2]})
    warehouse.dbt("run", "--select", "event_rows")
    warehouse.query("delete from silver.event_rows where file_row_number = 3")
    failures = warehouse.dbt_failures("build", "--select", "file_reconciliation")
    assert set(failures) == {"event_rows_holds_what_bronze_holds"}
