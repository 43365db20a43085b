"""Loads beside each other, and loads that are cut off."""

import multiprocessing
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import Error

from include.sql.load import LoadResult, load_hours
from local.launcher.stack import Stack
from tests.sql.conftest import Archive, Outcome, Tables, kept, lines_of
from tests.sql.interruption import before, load_and_die
from tests.sql.server import restart_snowflake


def load_at_once(stack: Stack, *days: list[Outcome]) -> list[LoadResult]:
    """Load each of these in a session of its own; all of them ask for the lock at one moment."""
    together = threading.Barrier(len(days))

    def load(outcomes: list[Outcome]) -> LoadResult:
        with stack.connect_snowflake() as connection:
            return load_hours(
                before("update ledger.load_lock", together.wait, connection), outcomes
            )

    with ThreadPoolExecutor() as pool:
        return list(pool.map(load, days))


def test_two_loads_of_one_day_give_one_copy(
    stack: Stack, archive: Archive, tables: Tables, hours: Sequence[datetime]
) -> None:
    """The second finds the work done when its turn comes."""
    outcomes = archive.ingested(*hours)

    results = load_at_once(stack, outcomes, outcomes)

    assert sorted((result.loaded, result.unchanged) for result in results) == [(0, 3), (3, 0)]
    assert [tables.events(outcome, "bronze.BronzeRaw") for outcome in outcomes] == [
        kept(lines_of(hour)) for hour in hours
    ]
    assert [len(tables.loads(outcome)) for outcome in outcomes] == [1, 1, 1]


def test_loads_of_different_days_both_succeed(
    stack: Stack, archive: Archive, tables: Tables, day: datetime
) -> None:
    """Replacing rows as well, for which Snowflake locks the whole table."""
    hours = [day, day + timedelta(days=1000)]
    days = [archive.ingested(hour) for hour in hours]
    for outcomes in days:
        load_hours(tables.connection, outcomes)
    days = [archive.ingested(hour, seed=2) for hour in hours]

    results = load_at_once(stack, *days)

    assert [result.loaded for result in results] == [1, 1]
    assert len({result.load_seq for result in results}) == 2
    for (outcome,), hour in zip(days, hours, strict=True):
        assert tables.events(outcome, "bronze.BronzeRaw") == kept(lines_of(hour, seed=2))


def test_a_killed_loader_leaves_everything_as_it_was(
    stack: Stack,
    archive: Archive,
    connection: SnowflakeConnection,
    tables: Tables,
    hours: Sequence[datetime],
) -> None:
    """And doesn't hold up the next load by the lock it had."""
    load_hours(connection, archive.ingested(*hours))
    outcomes = archive.ingested(*hours, seed=2)
    state = tables.state()

    loader = multiprocessing.get_context("spawn").Process(
        target=load_and_die, args=(stack.layout.data, outcomes)
    )
    loader.start()
    loader.join()
    assert loader.exitcode == -signal.SIGKILL

    assert tables.state() == state
    started = time.monotonic()
    assert load_hours(connection, outcomes).loaded == 3
    assert time.monotonic() - started < 20
    assert [tables.events(outcome, "bronze.BronzeRaw") for outcome in outcomes] == [
        kept(lines_of(hour, seed=2)) for hour in hours
    ]


def test_a_server_killed_within_a_load_has_loaded_nothing(
    stack: Stack, archive: Archive, tables: Tables, hours: Sequence[datetime]
) -> None:
    """The load fails, the state before is there after the restart, and a retry completes it."""
    load_hours(tables.connection, archive.ingested(*hours))
    outcomes = archive.ingested(*hours, seed=2)
    state = tables.state()

    cut_off = before("copy into", lambda: restart_snowflake(stack), stack.connect_snowflake())
    with pytest.raises(Error):
        load_hours(cut_off, outcomes)

    with stack.connect_snowflake() as again:
        tables = Tables(again)
        assert tables.state() == state
        assert load_hours(again, outcomes).loaded == 3
        assert [tables.events(outcome, "bronze.BronzeRaw") for outcome in outcomes] == [
            kept(lines_of(hour, seed=2)) for hour in hours
        ]
