"""The benchmark of a day compares equal work: the script and the product make the same of it."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.day.__main__ import script
from bench.day.hours import write_day
from bench.day.run import differences, source_of, stack_in, without_airflow
from bench.ingest.rows import CORES
from bench.ingest.usage import run
from local.gharchive.hours import name_of

DAY = datetime(2024, 3, 5)
EVENTS_PER_HOUR = 40


@pytest.mark.long
def test_script_and_product_agree(tmp_path: Path) -> None:
    hours = tmp_path / "hours"
    built = write_day(hours, DAY, EVENTS_PER_HOUR, is_late=True)
    assert built.lines >= 24 * EVENTS_PER_HOUR
    files = [hours / name_of(DAY + timedelta(hours=hour)) for hour in range(24)]
    run(script(tmp_path / "script.duckdb", files), CORES)

    stack = stack_in(tmp_path / "stack")
    try:
        stack.start(source_of(hours), with_airflow=False)
        ran = without_airflow(stack, DAY)
        assert differences(stack, tmp_path / "script.duckdb") == []
        again = without_airflow(stack, DAY, with_tests=True)
    finally:
        stack.stop()
    assert again.times.models.keys() == ran.times.models.keys()
    assert ran.warehouse_bytes > 0
    assert sum(ran.times.stages.values()) == pytest.approx(ran.times.wall, abs=0.1)
    assert {"azurite", "snowflake_stand_in", "bench.day.product"} <= ran.memory.by_program.keys()


@pytest.mark.slow
def test_hours_are_the_same_each_time(tmp_path: Path) -> None:
    first, second = (write_day(tmp_path / name, DAY, 40, is_late=False) for name in "ab")
    assert first == second
    name = name_of(DAY + timedelta(hours=5))
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_all_times_of_a_line_move_as_far(tmp_path: Path) -> None:
    """So what was opened and closed on one day was so on another, too."""
    ages: list[set[timedelta]] = []
    for number in range(2):
        day = DAY + timedelta(days=number)
        write_day(tmp_path, day, 400, is_late=False)
        lines = gzip.decompress((tmp_path / name_of(day)).read_bytes()).splitlines()
        events = [json.loads(line) for line in lines]
        assert {event["created_at"][:10] for event in events} == {f"{day:%Y-%m-%d}"}
        threads = [
            (event["created_at"], thread["created_at"])
            for event in events
            if (thread := event["payload"].get("pull_request") or event["payload"].get("issue"))
        ]
        assert threads
        ages.append(
            {datetime.fromisoformat(at) - datetime.fromisoformat(was) for at, was in threads}
        )
    # The same lines are drawn for both days, but not as often
    assert len(ages[0] & ages[1]) > 5
    assert min(ages[0] | ages[1]) >= timedelta(seconds=-60)
