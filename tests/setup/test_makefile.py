"""The Makefile's targets, and what it passes on."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.setup.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):(?!=)", MAKEFILE, re.M))


def make(*arguments: str) -> str:
    """Return what `make` prints when a user calls it, though `make test` may run this test."""
    ours = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_help_lists_every_target() -> None:
    listed = set(re.findall(r"^make ([a-z-]+) ", make("help"), re.M))
    assert listed == TARGETS


def test_every_target_is_phony() -> None:
    declared = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.M)
    assert declared
    assert set(declared[1].split()) == TARGETS


@pytest.mark.parametrize(
    ("target", "given", "passed"),
    [
        ("run", [], ["run"]),
        (
            "run",
            ["DAY=2015-01-01", "HOURS=14-17", "SOURCE=my $hours"],
            ["run", "--day", "2015-01-01", "--source", "my $hours", "--hours", "14-17"],
        ),
        ("run", ['DAY="; touch pwned; $(shell touch pwned)'], None),
        ("backfill", ["FROM=a", "TO=b"], ["backfill", "--from", "a", "--to", "b"]),
        ("up", ["PORT=8081"], ["up", "--port", "8081"]),
        ("down", [], ["down"]),
        (
            "account-check",
            ["YES=1", "TASKS=1", "SOURCE=my $hours", "HOUR=2015-01-01T12"],
            ["--yes", "--tasks", "--source", "my $hours", "--hour", "2015-01-01T12"],
        ),
        ("account-check", ["DROP=ACCOUNT_CHECK_0123ABCD"], ["--drop", "ACCOUNT_CHECK_0123ABCD"]),
    ],
)
def test_arguments_reach_the_launcher_as_they_are(
    tmp_path: Path, target: str, given: list[str], passed: list[str] | None
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nshift 2\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    printed = make(target, "SYSTEM_PYTHON=true", f"PYTHON={python}", *given).splitlines()
    assert printed == (passed or ["run", "--day", given[0].removeprefix("DAY=")])
    assert not (ROOT / "pwned").exists()


def test_ci_runs_make_test() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"\bmake\s.*", script) == ["make test"]
