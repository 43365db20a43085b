"""What a run shows at its end: each .sql file here is a table of it, in order."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from snowflake.connector.errors import ProgrammingError

from local.launcher.day_run import DAG_ID
from local.launcher.stack import Stack

QUERIES = Path(__file__).parent
DOES_NOT_EXIST = 2003
STAGES = {
    "plan": "plan",
    "ingest": "ingest",
    "load": "Bronze",
    "is_anything_new": "anything new?",
    "silver": "Silver",
    "gold": "Gold",
    "plan_model": "ALS",
    "train": "ALS",
    "publish": "ALS",
    "refresh": "Power BI refresh",
}


def print_run(stack: Stack, day: str, run: dict[str, Any], peak_memory: int) -> None:
    """Print what a run of one day brought; `peak_memory` in bytes, of all processes together."""
    console = Console(width=110)
    with stack.connect_snowflake() as connection, connection.cursor() as cursor:
        for query in sorted(QUERIES.glob("*.sql")):
            title, _, _ = query.read_text().partition("\n")
            try:
                cursor.execute(query.read_text(), {"day": day})
            except ProgrammingError as error:
                if error.errno != DOES_NOT_EXIST:
                    raise
                # A first run that failed has made no Gold tables
                continue
            columns = [column.name.lower() for column in cursor.description]
            _print_table(console, title.removeprefix("-- "), columns, cursor.fetchall())
    tasks = stack.airflow.task_instances(DAG_ID, run["dag_run_id"])
    _print_table(console, "Time of each stage", ["stage", "tasks", "seconds"], _stages(tasks))
    states = {task["task_id"]: task["state"] for task in tasks}
    seconds = _seconds(run["start_date"], run["end_date"])
    console.print(f"Hours from: [bold]{stack.source.description}[/bold]")
    console.print(f"Power BI refresh: {states.get('refresh')}")
    console.print(
        f"Run {run['dag_run_id']}: [bold]{run['state']}[/bold] in {seconds:.0f} s; "
        f"peak memory of all processes {peak_memory / 2**30:.1f} GiB\n"
    )
    print(stack.whereabouts())


def print_backfill(stack: Stack, runs: Sequence[dict[str, Any]]) -> None:
    """Print the state of each day of a backfill."""
    rows = [
        (run["logical_date"][:10], run["state"], _seconds(run["start_date"], run["end_date"]))
        for run in runs
    ]
    _print_table(Console(width=110), "Backfill", ["day", "state", "seconds"], rows)
    print(stack.whereabouts())


def _stages(tasks: Sequence[dict[str, Any]]) -> list[tuple[str, int, float]]:
    """Return each stage's tasks and the seconds from its first start to its last end."""
    spans: dict[str, list[dict[str, Any]]] = {}
    for task in tasks:
        stage = STAGES.get(task["task_id"].partition(".")[0])
        if stage and task["start_date"] and task["end_date"]:
            spans.setdefault(stage, []).append(task)
    return [
        (
            stage,
            len(spans[stage]),
            _seconds(
                min(task["start_date"] for task in spans[stage]),
                max(task["end_date"] for task in spans[stage]),
            ),
        )
        for stage in dict.fromkeys(STAGES.values())
        if stage in spans
    ]


def _seconds(start: str | None, end: str | None) -> float:
    if not (start and end):
        return 0.0
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 1)


def _print_table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    numeric = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    for column, is_numeric in zip(columns, numeric, strict=True):
        table.add_column(column, justify="right" if is_numeric else "left")
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int | float) else str(v) for v in row))
    console.print(table if rows else f"[bold]{title}[/bold]\n  none")
