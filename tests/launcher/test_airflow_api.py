"""The launcher's client of Airflow, against a server that fails when it is told to."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.launcher.airflow_api import AirflowApi

RUNS = [{"dag_run_id": f"run {number}"} for number in range(250)]


class Server(ThreadingHTTPServer):
    """Lists 250 runs, 100 a page; the next `failures` answers are 500.

    Its scheduler calls the next `overwrites` runs that somebody fails a success.
    """

    failures = 0
    overwrites = 0
    state = "running"


class Handler(BaseHTTPRequestHandler):
    """Answers as Airflow's REST API."""

    server: Server

    def do_POST(self) -> None:
        self._answer(201, {"access_token": "token"})

    def do_GET(self) -> None:
        if self.server.failures:
            self.server.failures -= 1
            self._answer(500, {"detail": "database is locked"})
            return
        if self.path.endswith("/dagRuns/one"):
            self._answer(200, {"dag_run_id": "one", "state": self.server.state})
            return
        query = parse_qs(urlsplit(self.path).query)
        offset, limit = int(query["offset"][0]), min(int(query["limit"][0]), 100)
        self._answer(200, {"dag_runs": RUNS[offset : offset + limit], "total_entries": len(RUNS)})

    def do_PATCH(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.state = "success" if self.server.overwrites else "failed"
        self.server.overwrites = max(0, self.server.overwrites - 1)
        self._answer(200, {})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve on a free port."""
    with Server(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def airflow(server: Server) -> AirflowApi:
    """Return a client that has logged in."""
    return AirflowApi(f"http://127.0.0.1:{server.server_port}", "admin", "password")


def test_all_pages_are_read(airflow: AirflowApi) -> None:
    """A backfill may have more runs than Airflow lists at once."""
    assert airflow.runs("gharchive_daily") == RUNS


def test_an_answer_500_now_and_then_is_no_failure(server: Server, airflow: AirflowApi) -> None:
    """Following a run goes on over a moment's lock of Airflow's database."""
    server.failures = 2
    assert len(airflow.runs("gharchive_daily")) == len(RUNS)


def test_an_airflow_that_only_fails_is_one(server: Server, airflow: AirflowApi) -> None:
    """After some seconds."""
    server.failures = 1000
    with pytest.raises(requests.RequestException, match="500"):
        airflow.runs("gharchive_daily")


def test_a_failed_run_stays_failed(server: Server, airflow: AirflowApi) -> None:
    """Though the scheduler was at it in that moment, and saw only tasks that were skipped."""
    server.overwrites = 1
    airflow.fail_run("gharchive_daily", "one")
    assert server.state == "failed"
