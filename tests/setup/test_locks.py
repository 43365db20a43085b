"""The locks agree with what they were compiled from, and say nothing of where packages lie."""

import json
import re
import tomllib

import pytest

from tests.setup.conftest import ROOT

TOGETHER = ("requirements", "requirements-dev")
LOCKS = (*TOGETHER, "include/sql/requirements")
ASKED = re.compile(r"([\w-]+)(?:\[\w+\])?(?:==([\w.]+)|<[\w.]+)?")
PINNED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.!+]+)")


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package in a lock; two if they differ by Python version."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / f"{lock}.txt").read_text().splitlines():
        if match := PINNED.match(line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def asked_for(lock: str) -> list[str]:
    """Return what a lock is compiled from, requirement by requirement."""
    lines = (ROOT / f"{lock}.in").read_text().splitlines()
    if lock == "requirements-dev":
        lines += (ROOT / "requirements-lint.in").read_text().splitlines()
        project = tomllib.loads((ROOT / "snowflake_stand_in" / "pyproject.toml").read_text())
        lines += project["project"]["dependencies"]
        lines += project["project"]["optional-dependencies"]["test"]
    requirements = [line.partition("#")[0].strip() for line in lines]
    return [line for line in requirements if line and not line.startswith("-")]


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_asked_for_is_pinned(lock: str) -> None:
    pinned = pins(lock)
    for wanted in asked_for(lock):
        match = ASKED.fullmatch(wanted)
        assert match, wanted
        name, version = match.groups()
        assert name in pinned, f"run make lock: {lock}.txt lacks {name}"
        assert version is None or pinned[name] == {version}


def test_a_version_is_asked_for_in_one_place() -> None:
    """What the stand-in pins, nothing else names; the locks repeat it, and are compiled."""
    wanted = [ASKED.fullmatch(line) for lock in TOGETHER for line in asked_for(lock)]
    names = [match[1] for match in wanted if match]
    versioned = {match[1] for match in wanted if match and match[2]}
    assert {"fakesnow", "duckdb", "sqlglot"} <= versioned
    assert [name for name in sorted(versioned) if names.count(name) > 1] == []


def test_the_two_locks_agree() -> None:
    product, development = (pins(lock) for lock in TOGETHER)
    for name in product.keys() & development.keys():
        assert product[name] == development[name]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host(lock: str) -> None:
    for end in (".in", ".txt"):
        assert "://" not in (ROOT / f"{lock}{end}").read_text()


def test_no_text_names_a_registry() -> None:
    """A machine's own mirror is in the tools' variables; a link would name a host to everybody."""
    hosts = re.compile(r"(pypi|npmjs|pythonhosted|repo1?\.maven(\.apache)?)\.(org|com)")
    texts = (
        file
        for pattern in ("*", "*/*.md", "*/*/*.md", ".github/*/*", "*/*.toml", "local/**/*")
        for file in ROOT.glob(pattern)
        if file.is_file() and not file.is_relative_to(ROOT / ".local")
    )
    assert [str(file) for file in texts if hosts.search(file.read_text(errors="replace"))] == []


def test_node_lock_has_hashes_and_no_addresses() -> None:
    folder = ROOT / "local" / "azurite"
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert all("integrity" in package for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
