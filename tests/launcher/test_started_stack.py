"""Real stacks: what is seen of them on the machine, and what is left of them when they end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import psutil
import pytest
import requests

from local.launcher import processes
from local.launcher.environment import POWERBI_CLIENT_ID
from local.launcher.layout import Layout
from local.launcher.ports import choose_ports
from local.launcher.processes import ServiceError
from local.launcher.source import Source
from local.launcher.stack import Stack
from local.setup import paths
from tests.end_to_end.conftest import read_until, write_hour

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]

Launch = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def taken() -> Iterator[list[socket.socket]]:
    """Return what stands for another program: it listens on a port that the stack has chosen."""
    listeners: list[socket.socket] = []
    yield listeners
    for listener in listeners:
        listener.close()


@pytest.fixture(scope="module")
def stand_ins(
    tmp_path_factory: pytest.TempPathFactory, taken: list[socket.socket]
) -> Iterator[Stack]:
    """Return a stack of the stand-ins alone, which has lost a port between choice and start."""

    def choose(path: Path, airflow_port: int | None) -> dict[str, int]:
        ports = choose_ports(path, airflow_port)
        if not taken:
            taken.append(socket.create_server(("127.0.0.1", ports["blob"])))
        return ports

    stack = Stack(Layout(tmp_path_factory.mktemp("stand-ins")))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("local.launcher.stack.choose_ports", choose)
            stack.start(Source("SIMULATED"), with_airflow=False)
        yield stack
    finally:
        stack.stop()
    assert not stack.is_up()


def test_a_port_that_is_taken_after_its_choice_is_replaced(
    stand_ins: Stack, taken: list[socket.socket]
) -> None:
    (listener,) = taken
    assert listener.getsockname()[1] not in stand_ins.ports.values()
    stand_ins.check()


def test_no_secret_is_in_a_command_line(stand_ins: Stack) -> None:
    """Every user of the machine can read those."""
    secrets = json.loads(stand_ins.layout.secrets.read_text()).values()
    sas = re.findall(r"sig=([^\"'&]+)", stand_ins.layout.environment_file.read_text())
    commands = [" ".join(process.cmdline()) for process in processes.running(stand_ins.marker)]
    assert len(commands) >= 4
    assert sas
    for secret in (*secrets, *sas):
        assert not any(secret in command for command in commands)


def secrets_of(layout: Layout) -> set[bytes]:
    """Return every secret of a stack, as files may hold it."""
    made = set(json.loads(layout.secrets.read_text()).values())
    environment = layout.environment_file.read_text()
    signatures = set(re.findall(r"sig=([^\"'&\\\s]+)", environment))
    made |= signatures | {unquote(signature) for signature in signatures}
    made |= set(json.loads((layout.data / "powerbi.json").read_text())["tokens"])
    for key in (paths.SNOWFLAKE_KEY, paths.SERVER_KEY):
        made.add(key.read_text().splitlines()[1])
    assert len(signatures) >= 2
    return {secret.encode() for secret in made}


def test_files_with_secrets_are_the_users_alone(stand_ins: Stack) -> None:
    """Among them what services write of what they are told."""
    powerbi = f"https://127.0.0.1:{stand_ins.ports['powerbi']}"
    form = {
        "grant_type": "client_credentials",
        "client_id": POWERBI_CLIENT_ID,
        "client_secret": stand_ins.secrets.powerbi_client_secret,
        "scope": "https://analysis.windows.net/powerbi/api/.default",
    }
    bundle = str(paths.CA_BUNDLE)
    requests.post(f"{powerbi}/t/oauth2/v2.0/token", form, verify=bundle).raise_for_status()
    found = files_with_secrets(stand_ins.layout)
    assert others_can_read(found) == []
    assert {path.name for path in found} >= {
        *("secrets.json", "airflow.env", "snowflake.duckdb.account.wal", "powerbi.json"),
        *("snowflake.p8", "server.key"),
    }


def files_with_secrets(layout: Layout) -> list[Path]:
    """Return the files that hold one, of the stack and of set-up."""
    secrets = secrets_of(layout)
    found = []
    for path in (*layout.data.rglob("*"), *paths.KEYS.iterdir(), *paths.TLS.iterdir()):
        # What runs also deletes
        with suppress(FileNotFoundError):
            if path.is_file() and any(secret in path.read_bytes() for secret in secrets):
                found.append(path)
    return found


def others_can_read(files: list[Path]) -> list[Path]:
    """Return those that not only their owner may read."""
    return [path for path in files if path.stat().st_mode & 0o077]


def test_a_stand_in_that_dies_is_named_with_its_log(stand_ins: Stack) -> None:
    """A run that waits for it ends with this message."""
    stand_ins.check()
    services = json.loads(stand_ins.layout.services.read_text())
    psutil.Process(services["powerbi"]).kill()
    time.sleep(0.2)
    with pytest.raises(ServiceError, match=r"powerbi has stopped.*logs/powerbi\.log"):
        stand_ins.check()
    assert not stand_ins.serves(None, None)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of one stack that is interrupted time and again."""
    folder = tmp_path_factory.mktemp("interrupted")
    yield folder
    processes.stop(str(folder))


@pytest.fixture(scope="module")
def launch(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Launch:
    """Return a function that starts `make run` of one hour."""
    source = tmp_path_factory.mktemp("hours")
    write_hour(source, datetime(2024, 3, 5, 12))
    command = ["run", "--day", "2024-03-05", "--hours", "12", "--source", str(source)]

    def run() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "local", *command],
            cwd=ROOT,
            env={**os.environ, "GHARCHIVE_LOCAL_DATA": str(data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


# In the order in which a day goes; each goes on with what the one before has left
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Starting blob", signal.SIGINT),
        ("Creating Airflow's metadata database", signal.SIGTERM),
        ("Starting api-server", signal.SIGINT),
        ("Running 2024-03-05", signal.SIGHUP),
    ],
)
def test_an_interrupt_leaves_nothing(
    launch: Launch, data: Path, text: str, number: signal.Signals
) -> None:
    """Ctrl-C, SIGTERM or a closed terminal: one message, a status, no process."""
    process = launch()
    read_until(process, text)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == "Interrupted: everything this command started is stopped."
    assert not processes.running(str(data))


def test_a_scheduler_that_dies_ends_the_run(launch: Launch, data: Path) -> None:
    """Rather than a wait without end."""
    process = launch()
    read_until(process, "Running 2024-03-05")
    services = json.loads(Layout(data).services.read_text())
    psutil.Process(services["scheduler"]).kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "run: scheduler has stopped" in errors
    assert f"{data}/logs/scheduler.log" in errors
    assert "Traceback" not in errors
    assert not processes.running(str(data))
