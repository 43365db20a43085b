"""Set-up does each thing once, and does it again whole when it was cut short."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.setup.step import Step, replacing
from tests.setup.conftest import SetUp


class Recipe:
    """A step that counts how often it was made."""

    def __init__(self, folder: Path) -> None:
        self.made = 0
        self.source = folder / "source"
        self.output = folder / "output"
        self.source.write_text("one")
        self.step = Step(
            name="recipe",
            does="something",
            make=self.make,
            outputs=(self.output,),
            inputs=lambda: [self.source],
            stamps=folder / "stamps",
        )

    def make(self) -> None:
        self.made += 1
        self.output.touch()


def test_step_runs_once_while_nothing_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe(tmp_path)
    recipe.step.ensure()
    assert "something" in capsys.readouterr().out
    recipe.step.ensure()
    assert recipe.made == 1
    assert capsys.readouterr().out == ""


def test_step_runs_again_when_its_input_changes(tmp_path: Path) -> None:
    recipe = Recipe(tmp_path)
    recipe.step.ensure()
    recipe.source.write_text("two")
    recipe.step.ensure()
    assert recipe.made == 2


def test_step_runs_again_when_its_output_is_gone(tmp_path: Path) -> None:
    recipe = Recipe(tmp_path)
    recipe.step.ensure()
    recipe.output.unlink()
    recipe.step.ensure()
    assert recipe.made == 2


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "folder"

    def stop_half_way() -> None:
        with replacing(folder) as partial:
            (partial / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    assert not folder.exists()
    with replacing(folder) as partial:
        (partial / "whole").touch()
    assert [file.name for file in folder.iterdir()] == ["whole"]


def test_certificates_and_settings_are_made_once(with_packages: Path, set_up: SetUp) -> None:
    steps = ("tls", "keys", "spark")
    first = set_up(*steps)
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.splitlines()) == len(steps)
    key = (with_packages / ".local" / "keys" / "snowflake.p8").read_bytes()
    second = set_up(*steps)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert (with_packages / ".local" / "keys" / "snowflake.p8").read_bytes() == key


def test_the_bundle_is_made_again_when_the_machines_changes(
    with_packages: Path, set_up: SetUp, tmp_path: Path
) -> None:
    mine = with_packages / ".local" / "tls" / "bundle.pem"
    assert set_up("tls").returncode == 0
    bundle = tmp_path / "company.pem"
    bundle.write_bytes((with_packages / ".local" / "tls" / "ca.pem").read_bytes())
    assert "CA" in set_up("tls", REQUESTS_CA_BUNDLE=str(bundle)).stdout
    assert mine.read_text().count("BEGIN CERTIFICATE") == 2
    # Under the launcher the variable names our own bundle, which must not grow at each start
    set_up("tls", REQUESTS_CA_BUNDLE=str(mine), SSL_CERT_FILE=str(bundle))
    assert mine.read_text().count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_set_up_stops_its_tools(project: Path, stop: signal.Signals) -> None:
    pid_file = project / "pid"
    tool = f"echo $$ > '{pid_file}'; exec sleep 60"
    code = (
        "from local.setup import install\nfrom local.setup.step import Step, run\n"
        f"make = lambda: run(['sh', '-c', {tool!r}], fix='')\n"
        "install.STEPS = {'slow': Step('slow', 'something slow', make, (), lambda: [])}\n"
        "raise SystemExit(install.main([]))"
    )
    set_up = subprocess.Popen(
        [sys.executable, "-c", code], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (pid_file.exists() and pid_file.read_text().strip()):
        assert set_up.poll() is None, set_up.communicate()
        time.sleep(0.02)
    set_up.send_signal(stop)
    set_up.communicate(timeout=10)
    assert set_up.returncode == 128 + stop
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
