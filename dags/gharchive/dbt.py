"""Silver and Gold as task groups: a task for each folder of models, in the order dbt gives them."""

import json
from pathlib import Path

from airflow.sdk import TaskGroup
from cosmos import DbtBuildLocalOperator, ProfileConfig, settings
from cosmos.constants import InvocationMode
from cosmos.profiles import SnowflakePrivateKeyPemProfileMapping

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
MANIFEST = PROJECT / "target" / "manifest.json"
# What a task has parsed the next needn't parse again: some four seconds of each
PARSED = settings.cache_dir / "gharchive"

PROFILE = ProfileConfig(
    profile_name="gharchive",
    target_name="airflow",
    profile_mapping=SnowflakePrivateKeyPemProfileMapping(
        conn_id="gharchive_transformer", profile_args={"threads": 2}
    ),
)
FLAGS = [
    # Unit tests judge the code, not the day: CI runs them
    *("--exclude-resource-type", "unit_test"),
    # And tests that read the whole history, however long
    *("--exclude", "tag:full_scan"),
    # A test of several folders runs in the last of them
    *("--indirect-selection", "buildable"),
    # Nobody reads a task's artifacts, nor relations of schemas it has no part in
    *("--no-write-json", "--cache-selected-only"),
]

if not MANIFEST.exists():
    raise FileNotFoundError(f"{MANIFEST} is missing: run `make manifest` to write it")

(PARSED / "target").mkdir(parents=True, exist_ok=True)


def dbt_build(layer: str) -> TaskGroup:
    """Return one layer's task group: each folder a task that builds its models and tests them."""
    nodes = json.loads(MANIFEST.read_text())["nodes"]
    folder_of = {
        unique_id: node["fqn"][2]
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model" and node["fqn"][1] == layer
    }
    with TaskGroup(layer) as group:
        build = {folder: _build(layer, folder) for folder in sorted(set(folder_of.values()))}
    edges = {
        (folder_of[parent], folder)
        for unique_id, folder in folder_of.items()
        for parent in nodes[unique_id]["depends_on"]["nodes"]
        if parent in folder_of
    }
    for upstream, downstream in sorted(edges):
        if upstream != downstream:
            build[upstream] >> build[downstream]
    return group


def _build(layer: str, folder: str) -> DbtBuildLocalOperator:
    return DbtBuildLocalOperator(
        task_id=folder,
        project_dir=PROJECT,
        profile_config=PROFILE,
        invocation_mode=InvocationMode.DBT_RUNNER,
        select=f"path:models/{layer}/{folder}",
        install_deps=False,
        cache_dir=PARSED,
        dbt_cmd_flags=FLAGS,
        pool="dbt",
        # A slow run's table must never overwrite a newer one
        max_active_tis_per_dag=1,
    )
