"""A run's report: printed as a table, written as Markdown, without secrets."""

import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from account_check.findings import DIFFERS, Findings
from account_check.run import Run

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".local" / "account-check"
DOCUMENTATION = "https://docs.snowflake.com/en/"


def print_table(findings: Findings) -> None:
    """Print what was expected and what was found."""
    table = Table(show_lines=True)
    for column in ("expectation", "expected", "found", "verdict"):
        table.add_column(column, no_wrap=column in ("expectation", "verdict"))
    for expectation, finding in findings.rows():
        style = "bold red" if finding.verdict == DIFFERS else None
        table.add_row(
            expectation.name, expectation.says, finding.found, finding.verdict, style=style
        )
    # Markup is nothing that an account's messages know of
    Console(markup=False, width=None if Console().is_terminal else 150).print(table)


def write(run: Run, findings: Findings, took: timedelta, about: str) -> Path:
    """Write the report of a run; `about` is what the account says of itself."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{run.prefix}.md"
    file.write_text(markdown(run, findings, took, about))
    return file


def markdown(run: Run, findings: Findings, took: timedelta, about: str) -> str:
    """Return a report: of what others say it has only what `findings` keeps."""
    outcome = run.outcome or {"lines_kept": "no", "blob_name": f"of {run.hour:%Y-%m-%d-%H}"}
    lines = [
        "# Account check",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {took.seconds} s, {run.prefix}. {about}",
        f"Project {_commit()}, Python {platform.python_version()}, connector "
        f"{version('snowflake-connector-python')}, dbt-snowflake {version('dbt-snowflake')}.",
        f"The hour: {outcome['lines_kept']} events, {outcome['blob_name']}, {run.source}; "
        f"stage: {run.storage.says}. Models: {run.models or 'all'}; behaviours: "
        f"{run.behaviours or 'all'}; pipe and tasks: {'yes' if run.queue_url else 'no'}.",
        "",
        *_table(
            ("expectation", "expected", "found", "verdict", "rests on"),
            [(e.name, e.says, f.found, f.verdict, _page(e.page)) for e, f in findings.rows()],
        ),
    ]
    if run.figures:
        lines += ["", "## What the account tells of each user's statements", ""]
        columns = tuple(run.figures[0])
        lines += _table(columns, [tuple(figure.values()) for figure in run.figures])
    for expectation, finding in findings.rows():
        if finding.details:
            lines += ["", f"## {expectation.name}: what differs", ""]
            lines += [f"- {_one_line(detail)}" for detail in finding.details]
    return "\n".join(lines) + "\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    def line(cells: Sequence[Any]) -> str:
        return f"| {' | '.join(_one_line(cell).replace('|', chr(92) + '|') for cell in cells)} |"

    return [line(columns), line(["---"] * len(columns)), *map(line, rows)]


def _one_line(cell: Any) -> str:
    return "—" if cell is None else " ".join(str(cell).split())


def _page(page: str) -> str:
    return f"[{page}]({DOCUMENTATION}{page})" if "/" in page else page


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "without git"
