"""The account without Airflow, if it is asked for: Snowpipe, and the graph of tasks."""

import json
from collections.abc import Iterator
from datetime import timedelta

from account_check.account import rows, shown
from account_check.findings import Finding, NotTriedError, judged
from account_check.run import Run, wait_for
from account_check.steps import load, reconcile

PIPE_SECONDS = 300
GRAPH_SECONDS = 1800


def check(run: Run) -> Iterator[Finding]:
    """Let an hour come by itself, as far as Gold."""
    if run.queue_url is None:
        raise NotTriedError("not asked for: TASKS=1 (docs/deploy.md says what it needs)")
    yield _integrations(run)
    outcome = load.ingest(run, run.hour + timedelta(hours=1))
    yield from _pipe(run, outcome["blob_name"])
    yield _together(run)
    yield _consumes(run)


def _integrations(run: Run) -> Finding:
    with run.login("loader") as connection, connection.cursor() as cursor:
        cursor.execute("list @bronze.gharchive_stage")
        listed = len(cursor.fetchall())
        ((status,),) = rows(cursor, "select system$pipe_status('bronze.gharchive_pipe')")
    state = json.loads(status)
    return judged(
        "integrations",
        listed > 0 and state["executionState"] == "RUNNING" and "error" not in state,
        f"{listed} blobs; the pipe is {state['executionState']} {state.get('error', '')}".strip(),
    )


def _pipe(run: Run, name: str) -> Iterator[Finding]:
    count = "select count(*), count(load_id) from bronze.BronzeRaw where file_name = %s"
    with run.administrator() as cursor:
        came = wait_for(lambda: rows(cursor, count, name)[0][0] > 0, PIPE_SECONDS)
    yield judged("pipe-loads", came, "rows came" if came else f"no row after {PIPE_SECONDS} s")
    state, error = reconcile.execute(run)
    with run.administrator() as cursor:
        ((found, copied),) = rows(cursor, count, name)
    yield judged(
        "pipe-adopted",
        state == "SUCCEEDED" and found > 0 and copied == 0,
        f"{state} {error}: {copied} of {found} rows have a load_id",
    )


def _together(run: Run) -> Finding:
    with run.administrator() as cursor:
        tasks = shown(cursor, f"tasks in schema {run.prefix}.tasks")
    roots = [task["name"] for task in tasks if not json.loads(task["predecessors"])]
    owners = {task["owner"] for task in tasks}
    states = {task["state"] for task in tasks}
    return judged(
        "graph-together",
        roots == ["NEW_LOADS"] and owners == {run.deployment.transformer_role} and len(states) == 1,
        f"{len(tasks)} tasks, roots {', '.join(roots)}, {', '.join(sorted(states))}",
    )


def _consumes(run: Run) -> Finding:
    ended = (
        "select name, state, error_message from table(information_schema.task_history("
        "result_limit => 10000)) where database_name = current_database()"
        " and schema_name = 'TASKS' and completed_time is not null"
    )
    with run.login("transformer") as connection, connection.cursor() as cursor:
        cursor.execute("execute task tasks.new_loads")

        def is_over() -> bool:
            found = rows(cursor, ended)
            return any(name == "ALL_DONE" or state == "FAILED" for name, state, _ in found)

        over = wait_for(is_over, GRAPH_SECONDS)
        failed = [f"{n}: {e}" for n, state, e in rows(cursor, ended) if state == "FAILED"]
        ((has_data,),) = rows(
            cursor,
            "select system$stream_has_data('ledger.new_loads')"
            " or system$stream_has_data('ledger.new_watermarks')",
        )
    return judged(
        "graph-consumes",
        over and not failed and str(has_data).lower() == "false",
        "; ".join(failed) or f"a stream has data: {has_data}",
    )
