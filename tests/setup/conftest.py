"""A copy of what set-up is made of, so that no test touches this project's own .local."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SetUp = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the set-up package and the locks, and nothing installed."""
    folder = tmp_path / "a project"
    made = shutil.ignore_patterns("__pycache__")
    (folder / "include").mkdir(parents=True)
    (folder / "local").mkdir()
    (folder / "local" / "__init__.py").touch()
    shutil.copytree(ROOT / "local" / "setup", folder / "local" / "setup", ignore=made)
    shutil.copytree(ROOT / "local" / "azurite", folder / "local" / "azurite")
    shutil.copytree(ROOT / "include" / "als", folder / "include" / "als", ignore=made)
    (folder / "snowflake_stand_in").mkdir()
    shutil.copy(ROOT / "snowflake_stand_in" / "pyproject.toml", folder / "snowflake_stand_in")
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def set_up(project: Path) -> SetUp:
    """Return a function that runs set-up in `project`."""

    def run(*steps: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "local.setup", *steps],
            cwd=project,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def with_packages(project: Path) -> Path:
    """Return `project` with this test run's packages in place of its own."""
    (project / ".venv").symlink_to(sys.prefix)
    return project
