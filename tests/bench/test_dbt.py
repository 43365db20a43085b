"""A day of dbt reads as much after many days as after a few, by the benchmark's own account."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.dbt.account import Account, Run, simulated
from bench.dbt.cost import cost, models, most_of_bronze, reads
from bench.dbt.profiled import ROW_GROUP

FIRST_DAY = datetime(2023, 3, 3)
EARLY, LATE = 4, 10
KEYS = ("file_name", "event_date")
"""What is replaced by windows reads two months of days, and has them only after two months."""
EVENTS_PER_HOUR = 1100


@pytest.mark.long
def test_a_day_reads_as_much_late_as_early(tmp_path: Path) -> None:
    selected = ["--select", *(f"config.unique_key:{key}" for key in KEYS)]
    with (
        simulated(tmp_path, EVENTS_PER_HOUR, tmp_path) as source,
        Account(tmp_path / "account", source) as account,
    ):
        runs: dict[int, Run] = {}
        for first, days in ((1, EARLY - 1), (EARLY, 1), (EARLY + 1, LATE - EARLY - 1), (LATE, 1)):
            day = FIRST_DAY + timedelta(days=first - 1)
            runs[first] = account.run(day, days, *selected)
        found = [m for m in models(account.folder / "manifest.json") if m.key in KEYS]

    early, late = runs[EARLY], runs[LATE]
    for model in found:
        before, after = (cost([run], [model.node]) for run in (early, late))
        assert before.rows_read, model.name
        assert after.rows_read <= 1.1 * before.rows_read, model.name
        assert after.scanned <= 1.1 * before.scanned + 2 * ROW_GROUP * after.reads, model.name
    assert most_of_bronze(late) <= 1 + 2 * ROW_GROUP / late.rows
    assert [r for r in reads(late, {m.node: m for m in found}) if not r.bounds] == []
