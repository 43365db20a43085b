"""No parameter of an account or user decides what a table holds."""

from pathlib import Path

from dbt.contracts.graph.manifest import Manifest

from tests import hostile
from tests.dbt.conftest import running_warehouse
from tests.dbt.small_world import HOURS, SLOTS, invent
from tests.dbt.warehouse import TABLES, hour_name

# These have a row for each hour or day until now
UNTIL_NOW = {"coverage", "coverage_hours", "event_trends", "event_trends_daily"}


def test_every_table_and_view_is_the_same_under_hostile_defaults(
    tmp_path: Path, deployed: Path, manifest: Manifest
) -> None:
    """Built at first, and by a second run in which half of the hours have changed."""

    def built(folder: Path, parameters: list[str]) -> dict[str, list[str]]:
        folder.mkdir()
        with running_warehouse(deployed, manifest, folder, parameters) as warehouse:
            for edited in (False, True):
                hours = range(0, len(HOURS), 2 if edited else 1)
                warehouse.load(
                    {
                        hour_name(HOURS[hour]): [
                            invent(hour, slot, edited) for slot in range(SLOTS)
                        ]
                        for hour in hours
                    }
                )
                warehouse.dbt("run", "--select", TABLES if edited else "*")
            return {
                name: sorted(
                    map(repr, warehouse.query(f"select * from {node['schema']}.{node['alias']}"))
                )
                for name, node in warehouse.models().items()
                if name not in UNTIL_NOW
            }

    usual = built(tmp_path / "usual", [])
    unlike = built(tmp_path / "unlike", hostile.statements())

    assert {name: rows for name, rows in usual.items() if unlike[name] != rows} == {}
    assert sum(map(len, usual.values())) > 1000
