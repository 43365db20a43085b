"""What `make function-package` puts into the folder, and what its lock says."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from functions.catch_up import DOWNLOAD_SECONDS, STARTING_SECONDS
from include.ingest import IngestSettings
from local.function_package import FUNCTIONS, build
from local.setup.paths import ROOT

PIN = re.compile(r"^([\w-]+)==(\S+)", re.M)


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_package_is_the_app_and_ingest_and_no_more(tmp_path: Path) -> None:
    build(tmp_path / "function")
    modules = {path.name for path in (ROOT / "include" / "ingest").glob("*.py")}
    assert set(tree(tmp_path / "function")) == {
        ".funcignore",
        "function_app.py",
        "host.json",
        "requirements.txt",
        "functions/__init__.py",
        "functions/app_settings.py",
        "functions/catch_up.py",
        "functions/ingest_timer.py",
        "include/__init__.py",
        *(f"include/ingest/{name}" for name in modules),
    }


def test_the_package_is_made_again_and_the_same(tmp_path: Path) -> None:
    build(tmp_path / "function")
    before = tree(tmp_path / "function")
    (tmp_path / "function" / "include" / "left.py").touch()
    (tmp_path / "function" / "host.json").write_text("{}")
    build(tmp_path / "function")
    assert tree(tmp_path / "function") == before
    assert [path.name for path in tmp_path.iterdir()] == ["function"]


def test_an_hour_begun_at_the_last_moment_has_time_to_end() -> None:
    host = json.loads((FUNCTIONS / "host.json").read_text())
    hours, minutes, seconds = map(int, host["functionTimeout"].split(":"))
    timeout = timedelta(hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    assert STARTING_SECONDS + IngestSettings().attempts * DOWNLOAD_SECONDS < timeout


def test_the_lock_is_the_projects_and_names_no_host() -> None:
    ours = (FUNCTIONS / "requirements.txt").read_text()
    pinned = dict(PIN.findall((ROOT / "requirements.txt").read_text()))
    for name, version in PIN.findall(ours):
        assert pinned.get(name, version) == version, f"run make lock: {name} differs"
    asked = re.findall(r"^[\w-]+$", (FUNCTIONS / "requirements.in").read_text(), re.M)
    assert set(asked) <= {name for name, _ in PIN.findall(ours)}
    assert "://" not in ours + (FUNCTIONS / "requirements.in").read_text()


@pytest.mark.parametrize("name", ["apache-airflow", "pyspark", "rich", "snowflake"])
def test_the_lock_has_nothing_of_the_platform(name: str) -> None:
    assert name not in (FUNCTIONS / "requirements.txt").read_text()
