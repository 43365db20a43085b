"""The benchmark of a day compares equal work: the script and the product make the same of it."""

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
    finally:
        stack.stop()
    assert sum(ran.times.stages.values()) == pytest.approx(ran.times.wall, abs=0.1)
    assert {"azurite", "snowflake_stand_in", "bench.day.product"} <= ran.memory.by_program.keys()


def test_hours_are_the_same_each_time(tmp_path: Path) -> None:
    first, second = (write_day(tmp_path / name, DAY, 40, is_late=False) for name in "ab")
    assert first == second
    name = name_of(DAY + timedelta(hours=5))
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
