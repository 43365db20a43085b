"""dbt's manifest, from which the DAG's tasks are drawn, and its documentation."""

from collections.abc import Iterator
from pathlib import Path

from local.setup.packages import LOCKS
from local.setup.paths import BIN, DBT_DOCS, DBT_MANIFEST, DBT_PROJECT
from local.setup.step import Step, run

MADE_BY_DBT = {"target", "logs"}


def make() -> None:
    """Parse the dbt project and write its documentation, one page, from what its yml files say."""
    for command in (["parse"], ["docs", "generate", "--static", "--no-compile", "--empty-catalog"]):
        run(
            [BIN / "dbt", *command, "--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT],
            cwd=DBT_PROJECT,
            env={"DO_NOT_TRACK": "1"},
            fix="Fix what dbt names in include/dbt, then run make again.",
        )


def sources() -> Iterator[str | Path]:
    """Yield the project's files and their names (a renamed model is a change too)."""
    yield LOCKS[0]
    for path in sorted(DBT_PROJECT.rglob("*")):
        inside = path.relative_to(DBT_PROJECT)
        if path.is_file() and inside.parts[0] not in MADE_BY_DBT and path.name[0] != ".":
            yield str(inside)
            yield path


STEP = Step(
    name="manifest",
    does="dbt's manifest and documentation",
    make=make,
    outputs=(DBT_MANIFEST, DBT_DOCS),
    inputs=sources,
)
