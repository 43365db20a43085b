"""The few calls of Airflow's REST API that the launcher makes."""

import time
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

PAGE = 100
SETTLE_SECONDS = 2


class AirflowApi:
    """Airflow's REST API at `url`, logged in as `user`. Raises requests' errors."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        # The machine's proxy, if it has one, is not for the machine itself
        self.session.trust_env = False
        # A busy Airflow fails to answer now and then; every call here can be repeated safely
        retry = Retry(
            4, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504), allowed_methods=None
        )
        self.session.mount(url, HTTPAdapter(max_retries=retry))
        login = self.session.post(
            f"{url}/auth/token", json={"username": user, "password": password}, timeout=30
        )
        login.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {login.json()['access_token']}"

    def set_pool(self, name: str, settings: Mapping[str, Any]) -> None:
        """Create a pool, or leave it as the user has set it."""
        if name in {pool["name"] for pool in self._all("/pools", "pools")}:
            return
        self._change("POST", "/pools", {"name": name, **settings})

    def unpause(self, dag_id: str, timeout: float) -> None:
        """Unpause a DAG as soon as Airflow knows it; TimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        path = f"{self.url}/api/v2/dags/{dag_id}"
        while self.session.patch(path, json={"is_paused": False}, timeout=30).status_code == 404:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Airflow doesn't know {dag_id}: {self.import_errors()}")
            time.sleep(0.5)

    def import_errors(self) -> list[str]:
        """Return the errors of DAG files that can't be imported."""
        errors = self._get("/importErrors")["import_errors"]
        return [error["stack_trace"] for error in errors]

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Trigger a run without a logical date."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        self._change("POST", f"/dags/{dag_id}/dagRuns", body)

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """Set a run to failed, which also ends its tasks."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        while True:
            self._change("PATCH", path, {"state": "failed"})
            # A scheduler that is at the run just now sees only skipped tasks and writes success
            time.sleep(SETTLE_SECONDS)
            if self.run(dag_id, run_id)["state"] == "failed":
                return

    def runs(self, dag_id: str, **filters: Any) -> list[dict[str, Any]]:
        """Return the runs of a DAG, the newest first."""
        return self._all(f"/dags/{dag_id}/dagRuns", "dag_runs", order_by="-run_after", **filters)

    def unfinished_backfills(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the backfills of a DAG that Airflow hasn't marked as completed."""
        found = self._all("/backfills", "backfills", dag_id=dag_id)
        return [backfill for backfill in found if not backfill["completed_at"]]

    def cancel_backfill(self, backfill_id: int) -> None:
        """Fail a backfill's queued runs and mark it as completed, unless it is already."""
        self._change("PUT", f"/backfills/{backfill_id}/cancel", {})

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return one run."""
        return self._get(f"/dags/{dag_id}/dagRuns/{run_id}")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return a run's task instances, mapped ones each."""
        return self._all(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")

    def result(self, task_instance: Mapping[str, Any]) -> Any:
        """Return what a task returned, None if it returned nothing."""
        path = (
            f"/dags/{task_instance['dag_id']}/dagRuns/{task_instance['dag_run_id']}"
            f"/taskInstances/{task_instance['task_id']}/xcomEntries/return_value"
        )
        response = self.session.get(
            f"{self.url}/api/v2{path}",
            params={"map_index": task_instance["map_index"], "deserialize": True},
            timeout=30,
        )
        if response.status_code == requests.codes.not_found:
            return None
        response.raise_for_status()
        return response.json()["value"]

    def log_tail(self, task_instance: Mapping[str, Any], lines: int = 8) -> list[str]:
        """Return the last lines of a task's newest log; none if there is no log."""
        path = (
            f"/dags/{task_instance['dag_id']}/dagRuns/{task_instance['dag_run_id']}"
            f"/taskInstances/{task_instance['task_id']}/logs/{task_instance['try_number']}"
        )
        try:
            content = self._get(path, map_index=task_instance["map_index"])["content"]
        except requests.HTTPError:
            return []
        texts = [_log_text(entry) for entry in content if isinstance(entry, dict)]
        return [line for text in texts for line in text.splitlines() if "::" not in line][-lines:]

    def _change(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        response = self.session.request(
            method, f"{self.url}/api/v2{path}", json=dict(body), timeout=30
        )
        # 409 says that it is so already, as after a call that was repeated
        if response.status_code != requests.codes.conflict:
            response.raise_for_status()

    def _all(self, path: str, items: str, **params: Any) -> list[dict[str, Any]]:
        """Return what is on all pages of a list."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(path, limit=PAGE, offset=len(found), **params)
            found += page[items]
            if not page[items] or len(found) >= page["total_entries"]:
                return found

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        response = self.session.get(f"{self.url}/api/v2{path}", params=params, timeout=30)
        response.raise_for_status()
        return dict(response.json())


def _log_text(entry: Mapping[str, Any]) -> str:
    """Return a log entry's message and, if it has an exception, what that says."""
    errors = [f"{e['exc_type']}: {e['exc_value']}" for e in entry.get("error_detail") or []]
    return "\n".join([str(entry["event"]), *errors])
