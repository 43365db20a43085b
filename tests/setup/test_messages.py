"""A set-up that can't go on says once what failed and what to do."""

import ast
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.setup import install
from local.setup.step import DISK_FULL, NO_NETWORK, Step, cause_of
from tests.setup.conftest import ROOT, SetUp

MAIN = ROOT / "local" / "setup" / "__main__.py"


@pytest.mark.parametrize("version", [(3, 9), (3, 14)])
def test_wrong_python(version: tuple[int, int]) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.version_info = {(*version, 0, 'final', 0)}\n"
        f"runpy.run_path({str(MAIN)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"is Python {version[0]}.{version[1]}" in done.stderr
    assert "SYSTEM_PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python_can_read_what_refuses_it() -> None:
    for file in (MAIN, MAIN.with_name("__init__.py"), ROOT / "local" / "__init__.py"):
        ast.parse(file.read_text(), feature_version=(3, 6))


def test_no_network(project: Path, set_up: SetUp) -> None:
    done = set_up("packages", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")
    assert done.returncode == 1
    assert done.stderr.count("set-up failed") == 1
    assert NO_NETWORK in done.stderr
    assert "Traceback" not in done.stderr
    # Half an environment must not pass for a whole one
    assert not (project / ".venv" / "built-for").exists()


def test_no_java_and_no_way_to_install_one(
    with_packages: Path, set_up: SetUp, tmp_path: Path
) -> None:
    nowhere = {"PATH": str(tmp_path), "JAVA_HOME": "", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = set_up("java", **nowhere)
    assert done.returncode == 1
    assert "no Java of at least 17" in done.stderr
    assert "JAVA_HOME" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (with_packages / ".local" / "java-home").exists()


def test_a_java_that_is_too_old_is_passed_over(
    with_packages: Path, set_up: SetUp, tmp_path: Path
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'Unrecognized option: --add-modules' >&2\nexit 1\n")
    java.chmod(0o755)
    done = set_up(
        "java",
        PATH=f"{java.parent}",
        JAVA_HOME=str(tmp_path),
        HTTPS_PROXY="http://127.0.0.1:9",
    )
    assert done.returncode == 1
    assert "no Java of at least 17" in done.stderr


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("error: failed to write: No space left on device (os error 28)", DISK_FULL),
        ("npm error code ENOSPC", DISK_FULL),
        ("npm error code ENOTFOUND", NO_NETWORK),
        ("error sending request for url (...)", NO_NETWORK),
        ("java.net.UnknownHostException: …", NO_NETWORK),
        ("SyntaxError", None),
    ],
)
def test_a_tools_output_shows_the_machines_fault(output: str, advice: str | None) -> None:
    assert cause_of(output) == advice


def test_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    step = Step("full", "something big", fill, (tmp_path / "big",), list, tmp_path)
    monkeypatch.setattr(install, "STEPS", {"full": step})
    monkeypatch.setattr(install, "DATA", tmp_path)
    monkeypatch.setattr(install, "LOG", tmp_path / "setup.log")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert install.main([]) == 1
    assert DISK_FULL in capsys.readouterr().err
    assert not (tmp_path / "full").exists()
