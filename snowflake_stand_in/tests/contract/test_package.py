"""The package by itself: it asks for what it needs, and runs where nothing else of ours is."""

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from snowflake_stand_in.testing import StandIn

from contract.stand_in import fetch

PACKAGE = Path(__file__).parents[2]
# Distributions that aren't called like what is imported from them
MODULES = {"pyjwt": "jwt", "snowflake-connector-python": "snowflake.connector"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that a file imports, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_it_asks_for_what_it_imports_and_for_no_more() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[=]", wanted)[0] for wanted in project["dependencies"]]
    asked = {MODULES.get(name, name.replace("-", ".")) for name in names}
    ours = {"snowflake_stand_in", *sys.stdlib_module_names}
    used = {
        module
        for file in (PACKAGE / "src").rglob("*.py")
        for module in imported(ast.parse(file.read_text()))
        if module.partition(".")[0] not in ours
    }

    def belongs(module: str, wanted: str) -> bool:
        return f"{module}.".startswith(f"{wanted}.")

    assert [module for module in used if not any(belongs(module, a) for a in asked)] == []
    assert [wanted for wanted in asked if not any(belongs(module, wanted) for module in used)] == []


@pytest.mark.slow
def test_wheel_serves_without_its_source(tmp_path: Path) -> None:
    """Built, installed into an environment of its own, started by its command, connected to."""
    uv = (sys.executable, "-m", "uv", "--offline", "--quiet")
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    for command in (
        ("build", "--wheel", "--out-dir", str(tmp_path), str(PACKAGE)),
        ("venv", "--python", sys.executable, str(environment)),
    ):
        subprocess.run([*uv, *command], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    install = ("pip", "install", "--python", str(python), "--no-deps", str(wheel))
    subprocess.run([*uv, *install], check=True)
    # Its dependencies are this environment's: to fetch them would take a network and a minute. The
    # package isn't: links to a source, which this environment may have, aren't followed from there.
    (site,) = environment.glob("lib/*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    where = subprocess.run(
        [python, "-c", "import snowflake_stand_in; print(snowflake_stand_in.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout).is_relative_to(site)
    program = (str(environment / "bin" / "snowflake-stand-in"),)
    with (
        StandIn(tmp_path / "account.duckdb", program=program) as server,
        server.connect(user="somebody", password="any") as connection,
    ):
        assert fetch(connection.cursor(), "select 1 + 1") == [(2,)]
