"""Silver and Gold as tasks: each table with its tests, and the views of a layer together."""

from pathlib import Path

from cosmos import (
    DbtTaskGroup,
    ExecutionConfig,
    ExecutionMode,
    LoadMode,
    ProfileConfig,
    ProjectConfig,
    RenderConfig,
    TestBehavior,
)
from cosmos.constants import InvocationMode
from cosmos.operators.local import DbtBuildLocalOperator
from cosmos.profiles import SnowflakePrivateKeyPemProfileMapping

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
MANIFEST = PROJECT / "target" / "manifest.json"

PROFILE = ProfileConfig(
    profile_name="gharchive",
    target_name="airflow",
    profile_mapping=SnowflakePrivateKeyPemProfileMapping(
        conn_id="gharchive_transformer", profile_args={"threads": 1}
    ),
)
FLAGS = [
    # Unit tests judge the code, not the day: CI runs them
    *("--exclude-resource-type", "unit_test"),
    # And tests that read the whole history, however long
    *("--exclude", "tag:full_scan"),
    # Nobody reads a task's artifacts, nor relations of schemas it has no part in
    *("--no-write-json", "--cache-selected-only"),
]
# A slow run's table must never overwrite a newer one
ONE_AT_A_TIME = {"pool": "dbt", "max_active_tis_per_dag": 1}

if not MANIFEST.exists():
    raise FileNotFoundError(f"{MANIFEST} is missing: run `make manifest` to write it")


def dbt_tables(layer: str) -> DbtTaskGroup:
    """Return the tables of one layer, each a task that builds and tests it."""
    return DbtTaskGroup(
        group_id=layer,
        project_config=ProjectConfig(
            dbt_project_path=PROJECT,
            manifest_path=MANIFEST,
            project_name="gharchive",
            install_dbt_deps=False,
        ),
        profile_config=PROFILE,
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.LOCAL, invocation_mode=InvocationMode.DBT_RUNNER
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            select=[f"path:models/{layer},config.materialized:incremental"],
            test_behavior=TestBehavior.BUILD,
            # A test of several models would run before they all exist
            should_detach_multiple_parents_tests=True,
            emit_datasets=False,
        ),
        operator_args={"install_deps": False, "dbt_cmd_flags": FLAGS},
        default_args=ONE_AT_A_TIME,
    )


def dbt_views(layer: str) -> DbtBuildLocalOperator:
    """Return the task that makes and tests the views of one layer: they hold no rows."""
    return DbtBuildLocalOperator(
        task_id=f"{layer}_views",
        project_dir=PROJECT,
        profile_config=PROFILE,
        invocation_mode=InvocationMode.DBT_RUNNER,
        select=f"path:models/{layer},config.materialized:view",
        install_deps=False,
        dbt_cmd_flags=FLAGS,
        **ONE_AT_A_TIME,
    )
