"""However loads arrive, the incremental tables equal a full rebuild, row by row."""

import random
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from include.sql.news import find_news, record_completion
from tests.dbt.small_world import HOURS, SLOTS, invent
from tests.dbt.warehouse import (
    PROJECT,
    TABLES,
    Event,
    Warehouse,
    connected_as_the_dag,
    hour_name,
    killed_at_write,
)

SEED = 20150101
SEQUENCES, STEPS = 2, 4
SEQUENCES_LONG, STEPS_LONG = 200, 8

# Of each run, the BEGIN, DELETE, INSERT, COMMIT and watermark of 26 tables, in one batch each
WRITES_PER_RUN = 130

Step = tuple[str, Any]
Files = dict[str, list[Event]]


@st.composite
def some_files(draw: st.DrawFn) -> Files:
    """Draw a load: each file holds events of its hour, and stragglers of the hours beside it."""
    hours = st.integers(0, len(HOURS) - 1)
    lines = st.lists(
        st.tuples(
            st.sampled_from([0, 0, 0, -1, 1]), st.integers(0, SLOTS - 1), st.sampled_from([0, 0, 1])
        ),
        max_size=8,
    )
    return {
        hour_name(HOURS[hour]): [
            invent((hour + beside) % len(HOURS), slot, bool(edited))
            for beside, slot, edited in draw(lines)
        ]
        for hour in draw(st.lists(hours, min_size=1, max_size=3, unique=True))
    }


def steps(models: list[str], most: int) -> st.SearchStrategy[list[Step]]:
    """Return sequences of what happens to a warehouse: a load, and as many steps at most."""
    load = st.tuples(st.just("load"), some_files())
    step: st.SearchStrategy[Step] = st.one_of(
        load,
        load,
        st.tuples(st.just("forget and load"), some_files()),
        st.tuples(st.just("run"), st.just([])),
        st.tuples(st.just("run"), st.lists(st.sampled_from(models), min_size=1, max_size=6)),
        st.tuples(st.just("kill"), st.integers(0, WRITES_PER_RUN - 1)),
        st.tuples(st.just("lose the watermark"), st.sampled_from(models)),
        st.tuples(st.just("rebuild"), st.sampled_from(models)),
    )
    # One load at least: what is simplest, hypothesis tries first
    return st.tuples(load, st.lists(step, min_size=2, max_size=most)).map(
        lambda all: [all[0], *all[1]]
    )


def take(step: Step, warehouse: Warehouse) -> None:
    match step:
        case "load", files:
            warehouse.load(files)
        case "forget and load", files:
            for name in files:
                warehouse.drop_ledger_rows(name)
            warehouse.load(files)
        case "run", models:
            warehouse.dbt("run", "--select", *(models or [TABLES]))
        case "kill", write:
            # In batches of a file or two, so that some are done and some are not
            with pytest.MonkeyPatch.context() as patch, killed_at_write(write):
                patch.setenv("GHARCHIVE_BATCH_ROWS", "10")
                warehouse.dbt_failures("run", "--select", TABLES)
        case "lose the watermark", model:
            # It died after its transaction, before recording it
            warehouse.query(
                "delete from ledger.model_watermarks where model = ? and load_seq ="
                " (select max(load_seq) from ledger.model_watermarks where model = ?)",
                model,
                model,
            )
        case "rebuild", model:
            warehouse.dbt("run", "--full-refresh", "--select", model)
        case _:
            raise ValueError(step)


def brief(step: Step) -> str:
    what, argument = step
    if not isinstance(argument, dict):
        return f"{what} {argument}"
    lines = {
        name: [(event.get("id"), event["created_at"], event.get("type")) for event in events]
        for name, events in argument.items()
    }
    return f"{what} {lines}"


def history() -> Files:
    """Return what is loaded before each sequence: a file of every hour."""
    draw = random.Random(SEED)
    return {
        hour_name(HOURS[hour]): [
            invent(hour, slot, False) for slot in draw.sample(range(SLOTS), 10)
        ]
        for hour in range(len(HOURS))
    }


def assert_equals_full_rebuild(warehouse: Warehouse) -> None:
    incremental = warehouse.snapshot()
    warehouse.dbt("run", "--full-refresh", "--select", TABLES)
    rebuilt = warehouse.snapshot()
    for table in incremental:
        assert incremental[table] == rebuilt[table], table


@pytest.fixture(scope="module")
def with_history(warehouse: Warehouse) -> Warehouse:
    """Return a warehouse that tests bring back to the history and its tables."""
    warehouse.load(history())
    warehouse.dbt("run")
    warehouse.save()
    return warehouse


def try_sequences(warehouse: Warehouse, number: int, most: int, phases: list[Phase]) -> int:
    """Try that many sequences; return how many were tried."""
    tried = 0

    @seed(SEED)
    @settings(
        max_examples=number,
        phases=phases,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps(sorted(warehouse.tables()), most))
    def equals_full_rebuild(sequence: list[Step]) -> None:
        nonlocal tried
        tried += 1
        warehouse.restore()
        for step in sequence:
            note(brief(step))
            take(step, warehouse)
        warehouse.dbt("run", "--select", TABLES)
        assert_equals_full_rebuild(warehouse)

    try:
        equals_full_rebuild()
    finally:
        print(f"sequences tried: {tried}, seed: {SEED}")
    return tried


def test_any_sequence_of_loads_and_runs(with_history: Warehouse) -> None:
    assert try_sequences(with_history, SEQUENCES, STEPS, [Phase.generate]) == SEQUENCES


@pytest.mark.long
@pytest.mark.timeout(0)
def test_many_sequences_of_loads_and_runs(with_history: Warehouse) -> None:
    tried = try_sequences(with_history, SEQUENCES_LONG, STEPS_LONG, [Phase.generate, Phase.shrink])
    assert tried == SEQUENCES_LONG


def a_load(draw: random.Random) -> Files:
    hour = draw.randrange(len(HOURS))
    events = [invent(hour, slot, False) for slot in draw.sample(range(SLOTS), 12)]
    return {hour_name(HOURS[hour]): events}


def test_loads_that_commit_while_dbt_runs(with_history: Warehouse) -> None:
    warehouse, draw = with_history, random.Random(SEED)
    warehouse.restore()

    def load_on_and_on() -> None:
        for _ in range(12):
            warehouse.load(a_load(draw))

    loads = Thread(target=load_on_and_on)
    loads.start()
    warehouse.dbt("build", "--exclude", "test_type:unit")
    loads.join()
    warehouse.dbt("run", "--select", TABLES)
    assert_equals_full_rebuild(warehouse)


@pytest.mark.long
def test_emptying_every_file_empties_every_table(warehouse: Warehouse) -> None:
    warehouse.load(history())
    warehouse.dbt("run", "--select", TABLES)
    warehouse.load({hour_name(hour): [] for hour in HOURS})
    warehouse.dbt("run", "--select", TABLES)
    rows = warehouse.snapshot()
    empty = {table for table in rows if not rows[table]}
    assert empty == set(rows) - {"file_reconciliation", "date_reconciliation"}


RECONCILIATIONS = ["file_reconciliation", "date_reconciliation"]


@pytest.fixture(scope="module")
def reconciled(with_history: Warehouse) -> Warehouse:
    """Return a warehouse in which everything agrees."""
    with_history.restore()
    return with_history


@pytest.mark.parametrize(
    "damaged",
    [
        {"silver.event_rows": ("event_rows_holds_what_bronze_holds", True)},
        {"silver.events": ("events_holds_each_event_once", False)},
        # Each of these is held against silver.events alone
        {
            "gold.daily_activity": ("daily_activity_counts_every_event", True),
            "gold.event_hours": ("event_hours_counts_every_event", False),
            "gold.repository_days": ("repository_days_counts_every_event", True),
            "gold.actor_days": ("actor_days_counts_every_event", False),
        },
    ],
    ids=lambda damaged: " ".join(damaged),
)
def test_a_lost_or_doubled_row_fails_the_reconciliation(
    reconciled: Warehouse, damaged: dict[str, tuple[str, bool]]
) -> None:
    query = reconciled.query
    for table, (_, lost) in damaged.items():
        query(f"create or replace table {table}_as_it_was as select * from {table}")
        numbered = (
            f"select * from {table}_as_it_was qualify row_number() over (order by event_date)"
        )
        if lost:
            query(f"delete from {table}")
        query(f"insert into {table} {numbered} {'> 1' if lost else '= 1'}")
    for model in RECONCILIATIONS:
        query("delete from ledger.model_watermarks where model = ?", model)

    failures = reconciled.dbt_failures("build", "--select", *RECONCILIATIONS)

    for table in damaged:
        query(f"delete from {table}")
        query(f"insert into {table} select * from {table}_as_it_was")
        query(f"drop table {table}_as_it_was")
    for table, (test, _) in damaged.items():
        assert test in failures
        stored = query(f"select what_to_do from test_failures.{test}")
        assert len(stored) == 1
        remedy = f"dbt build --full-refresh --select {table.partition('.')[2]}+"
        assert remedy in stored[0][0]


def test_what_dbt_fails_at_or_dies_of_is_left_to_do(reconciled: Warehouse) -> None:
    """Though the watermark of the table is at the newest load."""
    with connected_as_the_dag() as connection:

        def reasons() -> list[str]:
            return find_news(connection, PROJECT, "none").reasons

        def complete() -> None:
            record_completion(connection, find_news(connection, PROJECT, "none"))
            assert reasons() == []

        begun = ["dbt has begun something since the last complete run"]
        reconciled.dbt("run", "--exclude", TABLES)
        complete()

        with killed_at_write(2):
            assert reconciled.dbt_failures("build", "--full-refresh", "--select", "event_rows")
        assert reasons() == begun
        complete()

        reconciled.query("insert into silver.events select * from silver.events limit 1")
        assert reconciled.dbt_failures("build", "--select", "events", "--exclude", "test_type:unit")
        assert reasons() == begun
