"""The locks agree with what they were compiled from, and say nothing of where packages lie."""

import json
import re

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


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_asked_for_is_pinned(lock: str) -> None:
    pinned = pins(lock)
    for line in (ROOT / f"{lock}.in").read_text().splitlines():
        wanted = line.partition("#")[0].strip()
        if not wanted or wanted.startswith("-c "):
            continue
        name, version = re.fullmatch(
            r"([\w-]+)(?:\[\w+\])?(?:==([\w.]+)|<[\w.]+)?", wanted
        ).groups()  # type: ignore[union-attr]
        assert name in pinned, f"run make lock: {lock}.txt lacks {name}"
        assert version is None or pinned[name] == {version}


def test_the_two_locks_agree() -> None:
    product, development = (pins(lock) for lock in TOGETHER)
    for name in product.keys() & development.keys():
        assert product[name] == development[name]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host(lock: str) -> None:
    for end in (".in", ".txt"):
        assert "://" not in (ROOT / f"{lock}{end}").read_text()


def test_node_lock_has_hashes_and_no_addresses() -> None:
    folder = ROOT / "local" / "azurite"
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert all("integrity" in package for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
