"""What somebody is told of odd hours, and how."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException

from include.ingest import HourOutcome, Verdict, alarm
from include.ingest.errors import Damage
from plugins.alerts import send_alert

SECRET = "T0KEN"


def outcome(hour: str, verdict: Verdict, **fields: Any) -> dict[str, Any]:
    """Return an outcome record as tasks pass it on."""
    return HourOutcome(
        hour=hour,
        blob_name="2015/01/01/12.json.gz",
        verdict=verdict,
        source_url="http://archive/2015-01-01-12.json.gz",
        filter_fingerprint="f",
        ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
        **fields,
    ).to_dict()


def test_good_hours_raise_no_alarm() -> None:
    good = [outcome("2015-01-01T12", "published"), outcome("2015-01-01T13", "republished")]
    assert alarm(good) is None
    assert alarm([]) is None


def test_odd_hours_are_told_in_their_order() -> None:
    """Whatever the order of the tasks; hours with the same trouble together."""
    truncated = Damage("truncated", '"etag"', 123_456)
    odd = [
        outcome("2016-08-21T03", "damaged", damage=truncated, lines_read=10, kept={"A": 9}),
        outcome("2015-01-05T20", "suspiciously_small", source_bytes=400, usual_bytes=2_600_000),
        outcome("2012-03-11T23", "never_published"),
        outcome("2012-03-12T01", "never_published"),
        outcome("2012-03-12T00", "never_published"),
        outcome("2012-03-12T03", "never_published"),
        outcome("2020-08-22T00", "empty"),
        outcome("2020-08-23T00", "published"),
    ]
    assert alarm(odd) == (
        "2012-03-11T23..2012-03-12T01 are missing in the archive\n"
        "2012-03-12T03 is missing in the archive\n"
        "2015-01-05T20 is suspiciously small: 400 bytes of 2,600,000 usual\n"
        "2016-08-21T03 is damaged (truncated near byte 123,456): 9 of 10 lines kept\n"
        "2020-08-22T00 is empty: 0 of 0 lines kept"
    )


class Webhook:
    """A webhook that answers with `status` and keeps what it is sent."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[Any] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.received.append(json.loads(body))
                self.send_response(webhook.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Run a webhook that the connection names."""
    webhook = Webhook()
    threading.Thread(target=webhook.server.serve_forever, args=(0.05,), daemon=True).start()
    connect(monkeypatch, webhook.url)
    yield webhook
    webhook.server.shutdown()
    webhook.server.server_close()


def connect(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    connection = json.dumps({"conn_type": "http", "password": url})
    monkeypatch.setenv("AIRFLOW_CONN_GHARCHIVE_ALERTS", connection)


def test_an_alert_reaches_the_webhook(webhook: Webhook) -> None:
    send_alert("2015-01-05T20 is empty")
    assert webhook.received == [{"text": "2015-01-05T20 is empty"}]


def test_an_alert_that_nobody_took_is_an_error_without_the_secret(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook.status = 404
    with pytest.raises(AirflowException, match="gharchive_alerts answered 404") as refused:
        send_alert("text")
    connect(monkeypatch, f"http://127.0.0.1:1/{SECRET}")
    with pytest.raises(AirflowException, match="can't be reached") as unreachable:
        send_alert("text")
    assert SECRET not in f"{refused.value}{unreachable.value}{unreachable.value.__cause__}"


def test_without_a_webhook_an_alert_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    send_alert("2015-01-05T20 is empty")
    assert ("WARNING", "2015-01-05T20 is empty") in [
        (record.levelname, record.getMessage()) for record in caplog.records
    ]
