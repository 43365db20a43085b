"""What SHOW TASKS and TASK_HISTORY list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.automation.task_runs import HISTORY, Tasks
from snowflake_stand_in.automation.task_schedule import Task
from snowflake_stand_in.catalog.listing import Listing
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN
from snowflake_stand_in.rights.requirements import active_roles
from snowflake_stand_in.sql.errors import compilation

_COLUMNS = (
    "query_id",
    "name",
    "database_name",
    "schema_name",
    "query_text",
    "condition_text",
    "state",
    "error_code",
    "error_message",
    "scheduled_time",
    "query_start_time",
    "next_scheduled_time",
    "completed_time",
    "root_task_id",
    "graph_version",
    "run_id",
    "return_value",
    "scheduled_from",
    "attempt_number",
)


def show(cursor: Cursor, listing: Listing) -> None:
    """Run SHOW TASKS."""
    tasks = [t for t in cursor.session.account.service(Tasks).all() if listing.wants(t.full_name)]
    if listing.root_only:
        tasks = [t for t in tasks if not t.predecessors]
    answer(cursor, tasks[: listing.limit])


def _row(cursor: Cursor, task: Task) -> dict[str, Any]:
    settings = task.settings
    related = {"Predecessors": task.predecessors}
    return {
        "created_on": task.created_on,
        "name": task.name,
        "id": task.id,
        "database_name": task.database,
        "schema_name": task.schema,
        "owner": cursor.session.account.service(Access).owner("TASK", task.full_name),
        "comment": settings.get("COMMENT", ""),
        "warehouse": settings.get("WAREHOUSE"),
        "schedule": settings.get("SCHEDULE"),
        "predecessors": json.dumps(task.predecessors),
        "state": "started" if task.started else "suspended",
        "definition": task.body,
        "condition": task.condition,
        "allow_overlapping_execution": str(task.overlapping).lower(),
        "error_integration": None,
        "last_committed_on": task.committed_on,
        "last_suspended_on": task.suspended_on,
        "owner_role_type": "ROLE",
        "config": None,
        "budget": None,
        "task_relations": json.dumps(related),
        "last_suspended_reason": task.suspended_reason,
    }


def answer(cursor: Cursor, tasks: list[Task]) -> None:
    """Answer with tasks in SHOW's columns."""
    now = datetime.now(UTC)
    blank = Task("", "", "", "", now, "", {}, [], None, now)
    columns = list(_row(cursor, blank))
    rows = [_row(cursor, task) for task in tasks]
    moments = {"created_on", "last_committed_on", "last_suspended_on"}
    schema = pa.schema(
        [(c, pa.timestamp("us", "UTC") if c in moments else pa.string()) for c in columns]
    )
    cursor.answer_table(pa.Table.from_pylist(rows, schema=schema))


def history(cursor: Cursor, call: exp.Anonymous) -> exp.Expr:
    """Return the query that a call of TASK_HISTORY is."""
    order = ("SCHEDULED_TIME_RANGE_START", "SCHEDULED_TIME_RANGE_END", "RESULT_LIMIT")
    given: dict[str, exp.Expr] = {}
    for position, argument in enumerate(call.expressions):
        if isinstance(argument, exp.Kwarg):
            given[argument.this.name.upper()] = argument.expression
        else:
            given[order[position]] = argument
    unknown = set(given) - {*order, "TASK_NAME", "ERROR_ONLY", "ROOT_TASK_ID"}
    if unknown:
        raise _invalid(f"unknown argument {', '.join(sorted(unknown))}")
    limit = int(given["RESULT_LIMIT"].name) if "RESULT_LIMIT" in given else 100
    if not 1 <= limit <= 10000:
        raise _invalid("RESULT_LIMIT must be between 1 and 10000")
    table = exp.to_table(HISTORY)
    columns = (exp.alias_(exp.column(c), c.upper(), quoted=True) for c in _COLUMNS)
    query = exp.select(*columns).from_(table)
    moment = exp.column("scheduled_time")
    if start := given.get("SCHEDULED_TIME_RANGE_START"):
        query = query.where(exp.GTE(this=moment.copy(), expression=start.copy()))
    if end := given.get("SCHEDULED_TIME_RANGE_END"):
        query = query.where(exp.LTE(this=moment.copy(), expression=end.copy()))
    if name := given.get("TASK_NAME"):
        query = query.where(
            exp.EQ(this=exp.Upper(this=exp.column("name")), expression=exp.Upper(this=name.copy()))
        )
    if root := given.get("ROOT_TASK_ID"):
        query = query.where(exp.EQ(this=exp.column("root_task_id"), expression=root.copy()))
    if (only := given.get("ERROR_ONLY")) is not None and only.sql().upper() == "TRUE":
        query = query.where("state in ('FAILED', 'CANCELLED')")
    visible = _visible(cursor)
    if visible is not None:
        full = "database_name || '.' || schema_name || '.' || name"
        listed = ", ".join(exp.Literal.string(v).sql() for v in visible) or "''"
        query = query.where(f"{full} in ({listed})")
    return query.order_by("scheduled_time desc").limit(limit)


def _visible(cursor: Cursor) -> list[str] | None:
    """Return the tasks whose runs the session's roles may see; None for all."""
    session = cursor.session
    roles = active_roles(session)
    access = session.account.service(Access)
    if ADMIN in roles or "MONITOR EXECUTION" in access.held(roles, *ACCOUNT):
        return None
    return access.visible(roles, "TASK")


def _invalid(message: str) -> ProgrammingError:
    return compilation(1015, f"TASK_HISTORY: {message}.", "22023")
