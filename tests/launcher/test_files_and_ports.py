"""What the launcher writes down for a stack, and the ports it takes."""

import re
import socket
import stat
from pathlib import Path

import pytest

from local.launcher.layout import Layout
from local.launcher.ports import USUAL, choose_ports
from local.launcher.secrets import load_secrets, write_private
from local.setup.paths import ROOT


def mode(path: Path) -> int:
    """Return a file's permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_for_the_user_alone(tmp_path: Path) -> None:
    """Two stacks have different ones; one stack keeps its own."""
    made = load_secrets(tmp_path / "one" / "secrets.json")
    assert mode(tmp_path / "one" / "secrets.json") == 0o600
    assert load_secrets(tmp_path / "one" / "secrets.json") == made
    assert load_secrets(tmp_path / "two" / "secrets.json") != made


def test_a_private_file_is_private_over_an_open_one(tmp_path: Path) -> None:
    """Whatever its old permissions were."""
    path = tmp_path / "secrets.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Give the services usual ports that are free while the tests run."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in USUAL]
    for name, probe in zip(tuple(USUAL), probes, strict=True):
        monkeypatch.setitem(USUAL, name, probe.getsockname()[1])
        probe.close()
    return USUAL


def test_usual_ports_that_are_free_are_taken(tmp_path: Path, usual: dict[str, int]) -> None:
    """So that an address that a user has noted holds."""
    assert choose_ports(tmp_path / "ports.json", None) == usual


def test_a_usual_port_in_use_is_replaced(tmp_path: Path, usual: dict[str, int]) -> None:
    """Only the UI's port is one that users name."""
    with socket.create_server(("127.0.0.1", usual["blob"])):
        ports = choose_ports(tmp_path / "ports.json", None)
    assert ports["blob"] not in usual.values()
    assert {**ports, "blob": usual["blob"]} == usual


def test_the_users_port_may_be_another_services_usual_one(
    tmp_path: Path, usual: dict[str, int]
) -> None:
    """Airflow gets it, and the other service a free one."""
    ports = choose_ports(tmp_path / "ports.json", usual["powerbi"])
    assert ports["airflow"] == usual["powerbi"]
    assert len(set(ports.values())) == len(usual)


def test_nothing_else_looks_for_a_port_before_a_server_binds_it() -> None:
    """It may be another's by then: the launcher starts again, all others have the server choose."""
    probes = {
        str(file.relative_to(ROOT))
        for folder in ("local", "snowflake_stand_in", "tests", "bench", "functions")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"\.bind\(", file.read_text())
    }
    assert probes == {"local/launcher/ports.py"}


def test_a_folder_is_held_by_one_command_at_a_time(tmp_path: Path) -> None:
    """And is free again after it."""
    layout = Layout(tmp_path)
    with (
        layout.only_one_command(),
        pytest.raises(OSError, match="another run, backfill or up"),
        layout.only_one_command(),
    ):
        pass
    with layout.only_one_command():
        pass
