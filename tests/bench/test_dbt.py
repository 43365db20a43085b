"""What the benchmark of dbt says of a day is what its statements read and write."""

import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from snowflake_stand_in.testing import StandIn

from bench.dbt.__main__ import measure
from bench.dbt.account import Day, simulated
from bench.dbt.cost import BRONZE, Costs, Model
from bench.dbt.groups import DAYS, DBT, LOAD, MODELS
from bench.dbt.profiled import ROW_GROUP, Scan, Statement, Write
from bench.dbt.report import Measured, open_reads, report, summary

DAILY, YEARLY = "GHARCHIVE.GOLD.DAILY", "GHARCHIVE.GOLD.YEARLY"
MODEL = "model.gharchive.daily"
ROWS = 20 * ROW_GROUP


def _costs() -> Costs:
    tables = {
        DAILY: Model(MODEL, DAILY, "event_date"),
        YEARLY: Model("model.gharchive.yearly", YEARLY, "event_year"),
    }
    return Costs(tables, {DAILY: {"EVENT_DATE": 4, "N": 8}})


def test_scans_writes_and_bounds_are_those_that_the_stand_in_has(tmp_path: Path) -> None:
    profile = tmp_path / "profile.jsonl"
    program = (sys.executable, "-m", "bench.dbt.profiled", "--profile", str(profile))
    with (
        StandIn(tmp_path / "account.duckdb", program=program) as server,
        server.connect(user="anybody", password="any") as connection,
    ):
        cursor = connection.cursor()
        for statement in (
            "create database gharchive",
            "create schema gharchive.gold",
            "create table gharchive.gold.daily (event_date date, n number(38, 0))",
            "insert into gharchive.gold.daily (event_date, n) "
            "select dateadd('day', floor(seq4() / 2048), to_date('2020-01-01', 'YYYY-MM-DD')), 1 "
            f"from table(generator(rowcount => {ROWS}))",
            "set first = to_date('2020-01-03', 'YYYY-MM-DD')",
            "select sum(n) as n from gharchive.gold.daily where event_date = $first",
            "select sum(n) as n from gharchive.gold.daily "
            "where event_date in (select max(event_date) as d from gharchive.gold.daily)",
            "delete from gharchive.gold.daily where event_date = $first",
        ):
            cursor.execute(statement)

    lines = profile.read_bytes().splitlines()
    *_, insert, _, bounded, of_a_subquery, delete = (
        msgspec.json.decode(line, type=Statement) for line in lines
    )
    costs = _costs()
    assert insert.writes == [Write(DAILY, ROWS)]
    assert [costs.is_bounded(scan) for scan in bounded.scans] == [True]
    assert ROW_GROUP <= bounded.scans[0].opened <= 3 * ROW_GROUP
    assert bounded.scans[0].rows == ROW_GROUP
    assert not any(costs.is_bounded(scan) for scan in of_a_subquery.scans)
    assert delete.writes == [Write(DAILY, ROW_GROUP)]
    assert costs.of([bounded]).scanned_bytes == ROW_GROUP * 12


def test_a_days_statements_are_all_counted_and_a_month_has_one_first_day() -> None:
    def day(number: int, rows: int) -> Day:
        scan = Scan(DAILY, rows, rows, ["N"], ["(EVENT_DATE = '2020-01-01'::DATE)"])
        every = Scan(DAILY, 9, 9, ["N"], ["(N > 3)"])
        statements = {
            LOAD: [Statement(None, "copy", [], [Write("GHARCHIVE.BRONZE.BRONZERAW", 5)])],
            DBT: [
                Statement(MODEL, "insert", [scan], [Write(DAILY, 2)]),
                Statement("test.gharchive.daily_holds.1", "select", [every], []),
            ],
            "gold.trends": [Statement(None, "select", [every], [])],
        }
        return Day(datetime(2020, 1, number), 5, statements, {"gold.trends": 1})

    weeks = {60: [day(1, 60), day(2, 30)], 1825: [day(1, 90), day(2, 30)]}
    measured = Measured(weeks, _costs(), {"silver": 100.0, "gold": 50.0}, 0.0)

    groups = summary(measured)["days"]["60"]
    assert groups[MODELS[0]]["scanned"] == 31
    assert groups["load"]["written"] == 5
    assert groups["tests"] == groups["readers, each view once"]
    assert {read.group for read in open_reads(measured)} == {"tests", "readers, each view once"}
    assert "| event and day grain, rows scanned ≤ 1.1" in report(measured)
    assert "1.33" in report(measured)


@pytest.mark.long
def test_a_day_reads_as_much_late_as_early(tmp_path: Path) -> None:
    with simulated(tmp_path, 200, tmp_path) as source:
        measured = measure(tmp_path, source, (4, 16), 2, 0.0)

    costs, (early, late) = measured.costs, measured.weeks.values()
    # What is replaced by windows reads two months of days, and has them only after two months
    of_dates = [m for m in costs.tables.values() if m.grain == DAYS and m.key != "window_end"]
    for model in of_dates:
        before, after = (costs.week(week, MODELS[0], [model.node]) for week in (early, late))
        assert before.scanned, model.table
        assert after.scanned <= 1.1 * before.scanned, model.table
    assert [read for read in open_reads(measured) if costs.kind(read.scan.table) == BRONZE] == []
