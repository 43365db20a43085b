"""The operator under `airflow dags test`, which is how CI runs the DAG.

One run has a task for each case, each with a stand-in of its own: Airflow takes long to start.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.setup.paths import ROOT
from tests.powerbi.processes import SECRET, PowerBI

WRONG_SECRET = "another-secret"
CASES: dict[str, dict[str, object]] = {
    "completes": {"seconds": 2},
    "throttled_briefly": {"seconds": 0, "throttle": 1, "retry_after": 1},
    "outage": {"seconds": 8},
    "fails": {"seconds": 0, "outcome": "Failed"},
    "throttled_for_long": {"throttle": 1, "retry_after": 3392},
    "over_quota": {"daily_limit": 0},
    "times_out": {"seconds": 60},
    "wrong_secret": {},
}
DAG = f"""
from airflow.sdk import DAG
from plugins.operators.powerbi import PowerBIDatasetRefreshOperator

with DAG("refresh"):
    for case in {list(CASES)}:
        PowerBIDatasetRefreshOperator(
            task_id=case,
            conn_id=f"powerbi_{{case}}",
            check_interval=1,
            timeout=2 if case == "times_out" else 30,
        )
"""


@dataclass
class Outcome:
    """What became of a case's task: its final state and log, and the refreshes asked for."""

    state: str
    log: str
    refreshes: list[str]


@pytest.fixture(scope="module")
def outcomes(
    tls: Path,
    start_powerbi: Callable[[], PowerBI],
    migrated: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Outcome]:
    services = {case: start_powerbi() for case in CASES}
    for case, settings in CASES.items():
        services[case].control(**settings)
    outage = threading.Thread(target=restart_when_refreshing, args=[services["outage"]])
    outage.start()
    connections = {case: service.connection(SECRET) for case, service in services.items()}
    connections["wrong_secret"] = services["wrong_secret"].connection(WRONG_SECRET)
    home = tmp_path_factory.mktemp("airflow")
    shutil.copy(migrated, home)
    output = run_dag(tls, home, connections)
    outage.join()
    return {case: outcome(output, case, service.statuses()) for case, service in services.items()}


def restart_when_refreshing(powerbi: PowerBI) -> None:
    deadline = time.monotonic() + 120
    while not powerbi.statuses() and time.monotonic() < deadline:
        time.sleep(0.1)
    powerbi.stop()
    time.sleep(2)
    powerbi.start()


def run_dag(tls: Path, home: Path, connections: dict[str, str]) -> str:
    """Run the DAG in an Airflow of its own and return what it printed."""
    dags = home / "dags"
    dags.mkdir()
    (dags / "refresh.py").write_text(DAG)
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT),
        "SSL_CERT_FILE": str(tls / "bundle.pem"),
        **{f"AIRFLOW_CONN_POWERBI_{case.upper()}": text for case, text in connections.items()},
    }

    return subprocess.run(
        [sys.executable, "-m", "airflow", "dags", "test", "refresh"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def outcome(output: str, case: str, refreshes: list[str]) -> Outcome:
    task = re.search(rf"starting task_id={case} .*?end task task_id={case} ", output, re.DOTALL)
    assert task, output
    *_, state = re.findall(r"new_state=(\w+)", task[0])
    return Outcome(state, task[0], refreshes)


@pytest.mark.parametrize("case", ["completes", "throttled_briefly", "outage"])
def test_the_task_succeeds_when_the_refresh_has_completed(
    outcomes: dict[str, Outcome], case: str
) -> None:
    assert outcomes[case].state == "success", outcomes[case].log
    assert outcomes[case].refreshes == ["Completed"]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("fails", "ModelRefreshFailed_CredentialsNotSpecified"),
        ("throttled_for_long", "Retry in 3392 seconds"),
        ("over_quota", "Number of refresh requests in last 24 hours exceeded limit"),
        ("times_out", "Timeout occurred while waiting"),
        ("wrong_secret", "AADSTS7000215: Invalid client secret"),
    ],
)
def test_the_task_fails_with_the_reason(
    outcomes: dict[str, Outcome], case: str, reason: str
) -> None:
    assert outcomes[case].state == "failed"
    _, error = outcomes[case].log.split("Task failed with exception")
    assert reason in error


def test_no_secret_is_logged(outcomes: dict[str, Outcome]) -> None:
    for outcome in outcomes.values():
        assert SECRET not in outcome.log
        assert WRONG_SECRET not in outcome.log
