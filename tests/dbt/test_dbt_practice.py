"""How the dbt project is built: the linter's rules, none of them excepted."""

import os
import shutil
import subprocess
from pathlib import Path

from local.setup.paths import BIN, DBT_MANIFEST, DBT_PROJECT

LINT = (BIN / "dbt-bouncer", "run", "--config-file", "dbt-bouncer.yml", "--show-all-failures")


def lint(project: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run the linter on a project's manifest."""
    return subprocess.run(
        [*LINT, *options],
        cwd=project,
        # Wide enough for what a rule has to say
        env={**os.environ, "COLUMNS": "220"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_keeps_its_rules() -> None:
    """Grain, key, contract, layers, names: dbt-bouncer.yml has them all."""
    done = lint(DBT_PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_model_without_a_grain_is_refused(tmp_path: Path) -> None:
    """The linter reads our models: a rule that is broken is found, and named with the model."""
    target = tmp_path / "target"
    target.mkdir()
    manifest = DBT_MANIFEST.read_text()
    assert "One row per" in manifest
    (target / "manifest.json").write_text(manifest.replace("One row per", "Rows of"))
    shutil.copy(DBT_PROJECT / "dbt-bouncer.yml", tmp_path)
    only = ("--check", "check_model_description_contains_regexp_pattern")

    done = lint(tmp_path, *only)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "event_rows" in done.stdout
