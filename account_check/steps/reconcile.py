"""Have the task `ledger.reconcile` load the hour again; first with a record that is wrong."""

import json
import time
from collections.abc import Iterator

from account_check.account import rows
from account_check.findings import Finding, judged
from account_check.run import Run, wait_for

TASK_SECONDS = 300
_HISTORY = (
    "select state, error_message from table(information_schema.task_history("
    "task_name => 'RECONCILE')) where completed_time is not null order by completed_time desc"
)


def check(run: Run) -> Iterator[Finding]:
    """Forget the hour as an operator does, then execute the task twice."""
    name = run.outcome["blob_name"]
    record = name.removesuffix(".gz")
    with run.administrator() as cursor:
        cursor.execute("delete from ledger.loads where file_name = %s", (name,))
        wrong = run.outcome | {"lines_kept": run.outcome["lines_kept"] + 1}
        run.storage.put(cursor, "outcomes", record, json.dumps(wrong).encode())
    state, error = execute(run)
    raised = state == "FAILED" and "Rows loaded differ from lines kept" in error
    untouched = _loads(run, name) == 0
    yield judged("task-raises", raised and untouched, f"{state}: {error}")

    # Stages tell times in whole seconds, and the newest record counts
    time.sleep(1.1)
    with run.administrator() as cursor:
        run.storage.put(cursor, "outcomes", record, json.dumps(run.outcome).encode())
    state, error = execute(run)
    loaded = _loads(run, name)
    yield judged("task-runs", state == "SUCCEEDED" and loaded == 1, f"{state} {error}".strip())


def execute(run: Run) -> tuple[str, str]:
    """Execute the task as its owner, and wait; return its state and error."""
    with run.login("loader") as connection, connection.cursor() as cursor:
        before = len(rows(cursor, _HISTORY))
        cursor.execute("execute task ledger.reconcile")
        if not wait_for(lambda: len(rows(cursor, _HISTORY)) > before, TASK_SECONDS):
            return "no end", f"after {TASK_SECONDS} s"
        state, error = rows(cursor, _HISTORY)[0]
    return str(state), str(error or "")


def _loads(run: Run, name: str) -> int:
    with run.administrator() as cursor:
        query = "select count(*) from ledger.loads where file_name = %s and rows_loaded > 0"
        ((count,),) = rows(cursor, query, name)
    return int(count)
