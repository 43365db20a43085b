"""An account for the check: the stand-in, with something in it that is nobody else's business."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake_stand_in.testing import StandIn

from local.gharchive.simulator import simulate
from local.setup import paths

HOUR = datetime(2015, 1, 1, 12)
PLANTED = {"account": "PLANTEDORG-PLANTEDNAME", "user": "PLANTED_USER", "sas": "sig=plantedsas"}
"""What no report may hold."""


@dataclass(frozen=True)
class Checked:
    """An account, and the command that checks it."""

    server: StandIn
    home: Path
    source: Path

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of `make account-check`."""
        path = os.pathsep.join([os.environ["PATH"], str(paths.SCHEMACHANGE / "bin")])
        return {**os.environ, "SNOWFLAKE_HOME": str(self.home), "PATH": path, **settings}

    def command(self, *options: str) -> list[str]:
        """Return the command, over a small hour, a few models and behaviours."""
        small = ("--models", "+events_metrics", "--behaviours", "warehouse or role-")
        return [
            *(str(paths.PYTHON), "-m", "account_check", "--source", str(self.source)),
            *("--hour", f"{HOUR:%Y-%m-%dT%H}", *small, *options),
        ]

    def run(self, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self.command(*options),
            cwd=paths.ROOT,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start it, in a process group of its own."""
        return subprocess.Popen(
            self.command(*options),
            cwd=paths.ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def objects(self) -> dict[str, set[str]]:
        """Return the names of what there is in the account."""
        kinds = ("databases", "warehouses", "users", "roles", "resource monitors", "integrations")
        found = {}
        with self.server.connect(user="looker", password="-") as connection:
            for kind in kinds:
                cursor: Any = connection.cursor()
                cursor.execute(f"show {kind}")
                column = [c.name for c in cursor.description].index("name")
                found[kind] = {row[column] for row in cursor.fetchall()}
        return found


@pytest.fixture(scope="package")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """Start an account for all tests that need none of their own."""
    with running_account(tmp_path_factory.mktemp("account")) as account:
        yield account


@contextmanager
def running_account(folder: Path) -> Iterator[Checked]:
    """Start an account in which somebody has a database, and write two hours."""
    source, home = folder / "hours", folder / "home"
    source.mkdir()
    home.mkdir()
    for hour in (HOUR, HOUR + timedelta(hours=1)):
        lines = b"".join(simulate(hour, seed=1, events_per_hour=300))
        file = source / f"{hour:%Y-%m-%d}-{hour.hour}.json.gz"
        file.write_bytes(gzip.compress(lines, mtime=0))
    with StandIn(folder / "account.duckdb") as server:
        with server.connect(user="owner", password="-") as connection:
            for statement in ("create database PRODUCTION", "create warehouse PRODUCTION_LOAD"):
                connection.cursor().execute(statement)
        connection_settings = {
            "role": "ACCOUNTADMIN",
            "authenticator": "SNOWFLAKE_JWT",
            "private_key_file": str(paths.SNOWFLAKE_KEY),
            **server.address,
            "account": PLANTED["account"],
            "user": PLANTED["user"],
        }
        file = home / "connections.toml"
        lines_of = [f"{name} = {json.dumps(v)}\n" for name, v in connection_settings.items()]
        file.write_text("[default]\n" + "".join(lines_of))
        file.chmod(0o600)
        yield Checked(server, home, source)
