"""The DAG as Airflow parses it: its schedule, its tasks and their order, what it gives away."""

import base64
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DBT = ROOT / "include" / "dbt"
SECRET = "do-not-give-me-away"
GOOD_PARAMS: list[dict[str, Any]] = [
    {},
    {"day": "2015-01-01", "hours": "14-17"},
    {"event_types": ["PushEvent"]},
    {"rank": 8, "reg_param": 0.1, "max_iter": 5, "alpha": 1.0},
]
BAD_PARAMS: list[dict[str, Any]] = [
    {"day": 20150101},
    {"day": "2015-13-01"},
    {"hours": 12},
    {"event_types": "PushEvent"},
    {"rank": "many"},
    {"rank": 0},
    {"max_iter": 1.5},
    {"alpha": -1},
]


def parse(project: Path, home: Path) -> dict[str, Any]:
    """Parse the DAG file in a process of its own, whose connections come from the environment."""
    extra = {
        "account": "a",
        "database": "GHARCHIVE",
        "private_key_content": base64.b64encode(SECRET.encode()).decode(),
    }
    snowflake = {"conn_type": "snowflake", "login": "u", "password": SECRET, "extra": extra}
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_GHARCHIVE_SNOWFLAKE": json.dumps(snowflake),
        "PYTHONPATH": os.pathsep.join([str(project), str(ROOT)]),
    }
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", str(Path(__file__).with_name("parse.py"))),
            *(str(project / "dags"), json.dumps(GOOD_PARAMS + BAD_PARAMS)),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def dag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what `parse.py` says of the DAG."""
    return parse(ROOT, tmp_path_factory.mktemp("airflow"))


def before(dag: dict[str, Any], task: str) -> set[str]:
    """Return all tasks that a task waits for."""
    return set(dag["tasks"][task]["before"])


def folders(layer: str) -> set[str]:
    """Return the task of each folder of a layer's dbt models."""
    return {
        f"{layer}.{folder.name}" for folder in (DBT / "models" / layer).iterdir() if folder.is_dir()
    }


@functools.cache
def nodes(kind: str) -> dict[str, dict[str, Any]]:
    """Return what dbt knows of its models, or of its tests."""
    found = json.loads((DBT / "target" / "manifest.json").read_text())["nodes"]
    return {name: node for name, node in found.items() if node["resource_type"] == kind}


def task_of(model: str) -> str:
    """Return the task that builds a model."""
    _, layer, folder, _ = nodes("model")[model]["fqn"]
    return f"{layer}.{folder}"


def test_it_imports_without_errors(dag: dict[str, Any]) -> None:
    """With connections from the environment alone."""
    assert dag["errors"] == []


def test_parsing_imports_nothing_heavy(dag: dict[str, Any]) -> None:
    """The DAG processor parses the file every minute."""
    assert dag["heavy"] == []


def test_airflow_looks_for_dags_in_the_page_alone(dag: dict[str, Any]) -> None:
    """What the page imports isn't parsed for itself."""
    assert [Path(file).name for file in dag["files"]] == ["gharchive_daily.py"]


def test_the_schedule_makes_one_run_of_each_day(dag: dict[str, Any]) -> None:
    """The run of a day's interval is about that day; the past isn't caught up with unasked."""
    day, next_day = "2015-01-01T00:00:00+00:00", "2015-01-02T00:00:00+00:00"
    assert dag["timetable"] == "CronDataIntervalTimetable"
    assert dag["scheduled"] == [day, day, next_day]
    assert dag["catchup"] is False
    assert dag["max_active_runs"] == 3


def test_each_folder_of_models_is_a_task(dag: dict[str, Any]) -> None:
    """Which builds and tests them, in one run at a time."""
    built = {name for name in dag["tasks"] if name.startswith(("silver.", "gold."))}
    assert built == folders("silver") | folders("gold")
    for name in built:
        assert (dag["tasks"][name]["pool"], dag["tasks"][name]["at_once"]) == ("dbt", 1)


def test_each_model_is_built_after_those_it_reads(dag: dict[str, Any]) -> None:
    """In an earlier task, or in dbt's own order in the same."""
    for model, node in nodes("model").items():
        for parent in node["depends_on"]["nodes"]:
            if parent in nodes("model"):
                assert task_of(parent) in before(dag, task_of(model)) | {task_of(model)}


def test_each_test_of_data_runs_once_a_day(dag: dict[str, Any]) -> None:
    """Those of several folders too; but neither unit tests nor those that read all history."""
    from dbt.cli.main import dbtRunner

    def tests_of(task: str) -> list[str]:
        listed = dbtRunner().invoke(
            [
                *("--quiet", "ls", "--output", "json", "--output-keys", "unique_id"),
                *("--project-dir", str(DBT), "--profiles-dir", str(DBT)),
                *("--resource-type", "test", *dag["tasks"][task]["dbt"]),
            ]
        )
        assert isinstance(listed.result, list), listed.exception
        return [json.loads(line)["unique_id"] for line in listed.result]

    ran = sorted(test for task in folders("silver") | folders("gold") for test in tests_of(task))
    assert ran == sorted(
        unique_id for unique_id, node in nodes("test").items() if "full_scan" not in node["tags"]
    )


def test_the_stages_follow_each_other(dag: dict[str, Any]) -> None:
    """Ingest, Bronze, Silver, Gold, training, publishing, refresh."""
    assert dag["tasks"]["ingest"]["mapped"]
    assert before(dag, "ingest") == {"plan"}
    assert before(dag, "load") == {"plan", "ingest"}
    assert before(dag, "is_anything_new") == {"plan", "ingest", "load"}
    for task in folders("silver"):
        assert "is_anything_new" in before(dag, task)
    for task in folders("gold"):
        assert folders("silver") <= before(dag, task)
    assert folders("gold") <= before(dag, "plan_model")
    assert {"is_last_run", "plan_model"} <= before(dag, "train")
    assert "train" in before(dag, "publish")
    told = {"alert", "alert_odd_values"}
    assert before(dag, "refresh") == set(dag["tasks"]) - {"refresh", "record_completion"} - told
    assert before(dag, "record_completion") == set(dag["tasks"]) - {"record_completion"} - told
    assert before(dag, "alert") == {"plan", "ingest"}
    assert folders("gold") <= before(dag, "alert_odd_values")


def test_pools_guard_what_is_scarce(dag: dict[str, Any]) -> None:
    """The archive's patience, and the locks of Bronze and of the models' table."""
    pools = {name: task["pool"] for name, task in dag["tasks"].items()}
    assert pools["ingest"] == "gharchive_source"
    assert pools["load"] == pools["publish"] == "snowflake_load"
    by_dbt = {name for name, pool in pools.items() if pool == "dbt"}
    assert by_dbt == folders("silver") | folders("gold")


def test_what_arrived_is_loaded_though_an_hour_failed(dag: dict[str, Any]) -> None:
    """And odd hours are told. But dbt waits for all of them; a refresh needs no new model."""
    rules = {name: task["trigger_rule"] for name, task in dag["tasks"].items()}
    assert rules.pop("load") == rules.pop("alert") == "all_done_min_one_success"
    assert rules.pop("refresh") == "none_failed"
    assert set(rules.values()) == {"all_success"}


def test_retries(dag: dict[str, Any]) -> None:
    """Three attempts of everything but the refresh, of which there are few a day."""
    retries = {name: task["retries"] for name, task in dag["tasks"].items()}
    assert retries.pop("refresh") == 0
    assert set(retries.values()) == {2}


def test_no_secret_is_in_the_serialized_dag(dag: dict[str, Any]) -> None:
    """Airflow keeps it in its database and shows it in its UI."""
    encoded = base64.b64encode(SECRET.encode()).decode()
    assert SECRET not in dag["serialized"]
    assert encoded not in dag["serialized"]


@pytest.mark.parametrize("number", range(len(GOOD_PARAMS + BAD_PARAMS)))
def test_params_of_a_wrong_type_are_refused(dag: dict[str, Any], number: int) -> None:
    """Before a run begins, in the trigger form already."""
    assert dag["refused"][number] == (number >= len(GOOD_PARAMS)), (GOOD_PARAMS + BAD_PARAMS)[
        number
    ]


def test_a_missing_manifest_says_how_to_make_it(tmp_path: Path) -> None:
    """As Airflow's UI shows it."""
    shutil.copytree(ROOT / "dags", tmp_path / "dags")
    [error] = parse(tmp_path, tmp_path)["errors"]
    assert f"{tmp_path}/include/dbt/target/manifest.json is missing" in error
    assert "run `make manifest`" in error
