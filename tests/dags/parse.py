"""Parse a folder of DAGs as Airflow's DAG processor does, in a fresh process: `parse.py FOLDER`.

Prints as JSON what the tests ask about, since no test process should import Airflow with the
settings that this one needs.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

HEAVY = ("snowflake.connector", "pyspark", "azure.storage.blob", "pandas", "dbt", "pyarrow")


def facts(dag: DAG) -> dict[str, Any]:
    """Return what the DAG says of its schedule and its tasks."""
    serialized = DagSerialization.to_dict(dag)
    scheduled = DagSerialization.from_dict(serialized)
    info = scheduled.timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(
            earliest=_pendulum(datetime(2015, 1, 1, tzinfo=UTC)), latest=None, catchup=True
        ),
    )
    assert info
    assert info.data_interval
    return {
        "timetable": type(scheduled.timetable).__name__,
        "scheduled": [
            moment.isoformat()
            for moment in (info.logical_date, info.data_interval.start, info.data_interval.end)
            if moment
        ],
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
        "serialized": json.dumps(serialized),
    }


def refused(dag: DAG, params: dict[str, Any]) -> bool:
    """Tell whether a run can't be triggered with these params."""
    try:
        DagSerialization.from_dict(DagSerialization.to_dict(dag)).params.deep_merge(
            params
        ).validate()
    except ValueError:
        return True
    return False


def _task(task: Any) -> dict[str, Any]:
    return {
        "mapped": isinstance(task, MappedOperator),
        "pool": task.pool,
        "retries": task.retries,
        "trigger_rule": TriggerRule(task.trigger_rule).value,
        "at_once": task.max_active_tis_per_dag,
        "before": sorted(task.get_flat_relative_ids(upstream=True)),
        "dbt": [*task.dbt_cmd_flags, "--select", task.select] if hasattr(task, "select") else [],
    }


def _pendulum(moment: datetime) -> Any:
    import pendulum

    return pendulum.instance(moment)


if __name__ == "__main__":
    bag = DagBag(sys.argv[1])
    found = bag.dags.get("gharchive_daily")
    answer: dict[str, Any] = {
        "files": [stat.file for stat in bag.dagbag_stats],
        "errors": list(bag.import_errors.values()),
        "heavy": [name for name in HEAVY if name in sys.modules],
    }
    if found:
        answer |= facts(found)
        answer["refused"] = [refused(found, params) for params in json.loads(sys.argv[2])]
    print("\n" + json.dumps(answer))
