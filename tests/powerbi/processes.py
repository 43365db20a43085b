"""The stand-in as a process of its own."""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import requests
from snowflake_stand_in.testing.server import start_server

from local.powerbi import DATASET_ID, GROUP_ID

TENANT = "22222222-2222-2222-2222-222222222222"
CLIENT_ID = "11111111-1111-1111-1111-111111111111"
SECRET = "the-secret-of-this-test"


@dataclass
class PowerBI:
    """A running stand-in."""

    tls: Path
    state: Path
    port: int = 0
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.verify = str(self.tls / "ca.pem")
        self.http.trust_env = False

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def refreshes(self) -> str:
        return f"{self.url}/v1.0/myorg/groups/{GROUP_ID}/datasets/{DATASET_ID}/refreshes"

    def start(self) -> None:
        self.process, self.port = start_server(
            [
                *(sys.executable, "-m", "local.powerbi", "--port", str(self.port)),
                *("--certificate", str(self.tls / "server.pem")),
                *("--key", str(self.tls / "server.key"), "--state", str(self.state)),
            ],
            self.state.with_suffix(".log"),
            os.environ | {"POWERBI_CLIENT_ID": CLIENT_ID, "POWERBI_CLIENT_SECRET": SECRET},
        )

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(timeout=10)

    def control(self, **settings: object) -> None:
        self.http.put(f"{self.url}/_control", json=settings).raise_for_status()

    def token(self, **changes: str) -> requests.Response:
        """Ask for a token as azure-identity does."""
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "scope": "https://analysis.windows.net/powerbi/api/.default",
        }
        return self.http.post(f"{self.url}/{TENANT}/oauth2/v2.0/token", data=form | changes)

    def log_in(self) -> None:
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def statuses(self) -> list[str]:
        """Return the status of each refresh asked for, newest first."""
        return [entry["status"] for entry in self.http.get(f"{self.url}/_refreshes").json()]

    def connection(self, secret: str) -> str:
        """Return the Airflow connection that reaches it."""
        extra = {
            "tenant_id": TENANT,
            "group_id": GROUP_ID,
            "dataset_id": DATASET_ID,
            "base_url": f"{self.url}/v1.0",
            "authority": self.url,
            "disable_instance_discovery": True,
            "allowed_hosts": "localhost",
            "trust_env": True,
        }
        connection = {"conn_type": "powerbi", "login": CLIENT_ID, "password": secret}
        return json.dumps(connection | {"extra": extra})
