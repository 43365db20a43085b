"""The same day by every way to ask for it: schedule, API, UI."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from local.launcher.day_run import DAG_ID
from local.launcher.stack import Stack

pytestmark = pytest.mark.timeout(900)


def planned(stack: Stack, run_id: str, body: dict[str, Any]) -> list[str]:
    """Trigger a run as the UI's form and the API do; return the hours it plans, and end it."""
    airflow = stack.airflow
    airflow.session.post(
        f"{airflow.url}/api/v2/dags/{DAG_ID}/dagRuns",
        json={"dag_run_id": run_id, **body},
        timeout=60,
    ).raise_for_status()
    while True:
        tasks = {t["task_id"]: t for t in airflow.task_instances(DAG_ID, run_id)}
        if tasks.get("plan", {}).get("state") in {"success", "failed"}:
            break
        time.sleep(0.5)
    hours = airflow.result(tasks["plan"])
    airflow.fail_run(DAG_ID, run_id)
    return list(hours or [])


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("api-conf", {"logical_date": None, "conf": {"day": "2015-01-01", "hours": "12"}}),
        ("api-date", {"logical_date": "2015-01-01T00:00:00Z", "conf": {"hours": "12"}}),
        # The form fills in the present moment; the user fills in the day
        ("ui-form", {"logical_date": "2026-01-02T03:04:05Z", "conf": {"day": "2015-01-01"}}),
    ],
)
def test_a_trigger_of_2015_01_01_ingests_it(stack: Stack, name: str, body: dict[str, Any]) -> None:
    """A day given as parameter or as logical date is the day ingested."""
    hours = planned(stack, name, body)
    assert hours
    assert {hour[:10] for hour in hours} == {"2015-01-01"}


def test_a_trigger_with_nothing_ingests_the_last_complete_day(stack: Stack) -> None:
    """The button pressed without filling in anything."""
    hours = planned(stack, "nothing", {"logical_date": datetime.now(UTC).isoformat()})
    assert len(hours) == 24
    assert datetime.fromisoformat(hours[-1]).replace(tzinfo=UTC) < datetime.now(UTC)


def test_a_wrong_day_fails_at_once_and_says_why(stack: Stack) -> None:
    """No retry helps against a typo."""
    run_id = "typo"
    stack.airflow.trigger(DAG_ID, run_id, {"day": "2010-01-01", "hours": "0-23"})
    while (state := stack.airflow.run(DAG_ID, run_id)["state"]) not in {"success", "failed"}:
        time.sleep(0.5)
    tasks = {t["task_id"]: t for t in stack.airflow.task_instances(DAG_ID, run_id)}
    assert state == "failed"
    assert tasks["plan"]["try_number"] == 1
    log = "\n".join(stack.airflow.log_tail(tasks["plan"], lines=50))
    assert "2010-01-01 is outside the archive: it begins on 2011-02-12" in log


def test_the_models_documentation_is_for_users_alone(stack: Stack) -> None:
    """A page of Airflow's UI; who isn't logged in gets nothing of it, nor its schema."""
    page = f"{stack.airflow_url}/dbt-docs/"

    shown = stack.airflow.session.get(page, timeout=60)

    assert shown.status_code == 200
    assert "model.gharchive.events_metrics" in shown.text
    assert requests.get(page, timeout=60).status_code == 401
    for schema in ("openapi.json", "docs"):
        assert requests.get(f"{page}{schema}", timeout=60).status_code in {401, 404}
