"""How the dbt project is built: the linter's rules, none of them excepted."""

import json
import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local.setup.paths import BIN, DBT_MANIFEST, DBT_PROJECT, ROOT
from tests.dbt.oracle import FIGURES, History
from tests.dbt.small_world import HOURS, invent

LINT = (BIN / "dbt-bouncer", "run", "--config-file", "dbt-bouncer.yml", "--show-all-failures")


def lint(project: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run the linter on a project's manifest."""
    return subprocess.run(
        [*LINT, *options],
        cwd=project,
        # Wide enough for what a rule has to say
        env={**os.environ, "COLUMNS": "220"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_keeps_its_rules() -> None:
    """Grain, key, contract, layers, names: dbt-bouncer.yml has them all."""
    done = lint(DBT_PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_model_without_a_grain_is_refused(tmp_path: Path) -> None:
    """The linter reads our models: a rule that is broken is found, and named with the model."""
    target = tmp_path / "target"
    target.mkdir()
    manifest = DBT_MANIFEST.read_text()
    assert "One row per" in manifest
    (target / "manifest.json").write_text(manifest.replace("One row per", "Rows of"))
    shutil.copy(DBT_PROJECT / "dbt-bouncer.yml", tmp_path)
    only = ("--check", "check_model_description_contains_regexp_pattern")

    done = lint(tmp_path, *only)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "event_rows" in done.stdout


ALL_MEASURES = ("daily_activity", "monthly_activity", "yearly_activity")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DBT_MANIFEST.read_text())
    return found


@pytest.fixture(scope="module")
def nodes(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the models and tests."""
    return list(manifest["nodes"].values())


def keys_under_test(nodes: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Return the columns of each model that a test says are unique together."""
    keys = {}
    for node in nodes:
        test = node.get("test_metadata")
        if test and test["name"] == "unique_combination":
            keys[node["attached_node"]] = set(test["kwargs"]["columns"])
        elif test and test["name"] == "unique":
            keys[node["attached_node"]] = {node["column_name"]}
    return keys


def test_a_grain_is_the_key_that_is_tested(nodes: list[dict[str, Any]]) -> None:
    """'One row per …' at a description's end names the columns of the uniqueness test."""
    keys = keys_under_test(nodes)
    stated = {}
    for node in nodes:
        if node["resource_type"] == "model":
            _, _, grain = node["description"].rpartition("One row per ")
            stated[node["unique_id"]] = set(re.split(r",\s|\sand\s", grain.strip().rstrip(".")))
    assert stated == keys


def test_a_model_is_a_change_set_or_a_view(nodes: list[dict[str, Any]]) -> None:
    """As macros/change_set.sql says; dbt-bouncer knows dbt's own materialisations alone."""
    models = [node for node in nodes if node["resource_type"] == "model"]
    assert {node["config"]["materialized"] for node in models} == {"change_set", "view"}


def test_a_table_has_a_contract(nodes: list[dict[str, Any]]) -> None:
    """A table is made of it."""
    assert not [
        node["name"]
        for node in nodes
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "change_set"
        and not node["config"]["contract"]["enforced"]
    ]


def test_the_tests_of_a_day_read_what_the_day_touched(nodes: list[dict[str, Any]]) -> None:
    """Others have the tag full_scan; or their table is made again seldom, or is the ledger."""
    models = {node["unique_id"]: node for node in nodes if node["resource_type"] == "model"}

    def reads_the_ledger_alone(model: str) -> bool:
        parents = models[model]["depends_on"]["nodes"] if model in models else []
        is_table = model in models and models[model]["config"]["materialized"] != "view"
        return not is_table and all(map(reads_the_ledger_alone, parents))

    assert not [
        node["name"]
        for node in nodes
        if node["resource_type"] == "test"
        and "full_scan" not in node["tags"]
        and "changed_key" not in node["test_metadata"]["kwargs"]
        and not reads_the_ledger_alone(node["attached_node"])
        and (
            "all_time" not in models[node["attached_node"]]["tags"]
            # dbt's own tests read all rows
            or node["test_metadata"]["name"] not in ("holds", "unique_combination")
        )
    ]


def test_what_is_made_each_day_waits_for_no_table_of_all_time(
    nodes: list[dict[str, Any]],
) -> None:
    """It would never have the newest load, and the graph of tasks would run for ever."""
    models = {node["unique_id"]: node for node in nodes if node["resource_type"] == "model"}

    def waits(model: str) -> bool:
        parents = [p for p in models[model]["depends_on"]["nodes"] if p in models]
        return any("all_time" in models[parent]["tags"] or waits(parent) for parent in parents)

    assert not [
        node["name"]
        for model, node in models.items()
        if node["config"]["materialized"] == "change_set"
        and "all_time" not in node["tags"]
        and waits(model)
    ]


def test_tables_of_all_measures_have_each(nodes: list[dict[str, Any]]) -> None:
    """What macros/measures.sql names; the other tables choose, and name no count twice."""
    measures = measured()
    assert {"event_count", "star_count", "contribution_count"} <= measures
    columns = {
        node["name"]: {name for name in node["columns"] if name.endswith("_count")}
        for node in nodes
        if node["resource_type"] == "model"
    }
    assert {table: columns[table] for table in ALL_MEASURES} == dict.fromkeys(
        ALL_MEASURES, measures
    )


def test_every_measure_is_counted_by_the_oracle() -> None:
    """Each is compared with a second count: a new one can't be forgotten there."""
    [row] = FIGURES["gold.yearly_activity"](
        History({"2015/01/01/00.json.gz": [invent(HOURS.index(datetime(2015, 1, 1)), 0, False)]})
    )
    assert measured() <= row.keys()


def measured() -> set[str]:
    """Return the names of the measures."""
    text = (DBT_PROJECT / "macros" / "measures.sql").read_text()
    return set(re.findall(r"'(\w+_count)'", text))


def test_descriptions_name_what_exists(manifest: dict[str, Any]) -> None:
    """A `name` in a description is a model, a table, a column, a view of the ledger or a folder."""
    described = [*manifest["nodes"].values(), *manifest["sources"].values()]
    known = {name for node in described for name in (node["name"], *node["columns"])}
    views = (ROOT / "include" / "sql" / "migrations" / "R__4_views.sql").read_text()
    known.update(re.findall(r"view {{ database }}\.ledger\.(\w+)", views))
    texts = {
        item["name"]: re.findall(r"`(?:\w+\.)?([^`]+)`", item["description"])
        for item in (*described, *manifest["exposures"].values())
    }
    assert not {
        (name, word)
        for name, words in texts.items()
        for word in words
        if word not in known and not (ROOT / word).exists()
    }


def test_an_exposure_is_of_something_that_exists(manifest: dict[str, Any]) -> None:
    """A reader of Gold is made by something in this repository, and says by what."""
    for exposure in manifest["exposures"].values():
        path = exposure["meta"].get("path")
        assert path, f"{exposure['name']}: meta.path says what here it is made by"
        assert (ROOT / path).exists(), exposure["name"]
