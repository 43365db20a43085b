"""Tasks as they run: the store, the timer, graphs in order of dependency, the history.

A graph's run has a thread of its own and each task a session of its own, with its owner's role.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from snowflake_stand_in.automation.task_schedule import Task, next_time, require_execute
from snowflake_stand_in.engine.account import Account, Service
from snowflake_stand_in.engine.session import Session
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.sql.errors import error, translate

HISTORY = "_fs_global.main.task_history"
_TASKS = "_fs_global.main.tasks"
_TABLES = f"""
create table if not exists {_TASKS} (name varchar primary key, definition varchar);
create table if not exists {HISTORY} (
    query_id varchar, name varchar, database_name varchar, schema_name varchar,
    query_text varchar, condition_text varchar, state varchar, error_code varchar,
    error_message varchar, scheduled_time timestamptz, query_start_time timestamptz,
    next_scheduled_time timestamptz, completed_time timestamptz, root_task_id varchar,
    graph_version bigint, run_id varchar, return_value varchar, scheduled_from varchar,
    attempt_number bigint, run_key varchar primary key
);
"""
_CUT_OFF = "The run was cut off by the end of the server"
_KEPT = timedelta(days=7)

log = logging.getLogger("uvicorn.error")


class Tasks(Service):
    """The account's tasks. Changes are in the file when a method returns."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._connection = account.duck_conn.cursor()
        self._connection.execute(_TABLES)
        self._changed = threading.Condition(threading.RLock())
        self._turns: dict[str, threading.Lock] = {}
        self._due: dict[str, tuple[datetime, str]] = {}
        self._sessions: set[Session] = set()
        self._runs: set[threading.Thread] = set()
        self._timer: threading.Thread | None = None
        self._closed = False
        rows = self._rows(f"select definition from {_TASKS}")
        found = [msgspec.json.decode(text, type=Task) for (text,) in rows]
        self._tasks = {task.full_name: task for task in found}
        with self._changed:
            self._recover()

    # Definitions

    def get(self, name: str) -> Task | None:
        """Return a copy of a task."""
        with self._changed:
            task = self._tasks.get(name)
            return msgspec.structs.replace(task) if task else None

    def check_transfer(self, kind: str, name: str) -> None:
        """Raise if a task runs by a schedule: it has to be suspended first."""
        task = self.get(name) if kind == "TASK" else None
        if task is not None and task.started and not task.predecessors:
            raise error(
                91421,
                f"Cannot transfer the ownership of task {name}: it is not suspended.",
                "23001",
            )

    def all(self) -> list[Task]:
        """Return copies of all tasks, by name."""
        with self._changed:
            return [msgspec.structs.replace(t) for _, t in sorted(self._tasks.items())]

    def put(self, task: Task) -> None:
        """Create or change a task."""
        with self._changed:
            self._tasks[task.full_name] = task
            text = msgspec.json.encode(task).decode()
            self._write(f"insert or replace into {_TASKS} values (?, ?)", task.full_name, text)
            self._unschedule(task.full_name)
            self._schedule(task)

    def drop(self, name: str) -> None:
        """Drop a task; its successors lose it as a predecessor."""
        with self._changed:
            self._unschedule(name)
            del self._tasks[name]
            self._write(f"delete from {_TASKS} where name = ?", name)
            for task in self.all():
                if name in task.predecessors:
                    task.predecessors.remove(name)
                    self.put(task)

    def drop_inside(self, container: str) -> None:
        """Drop the tasks of a database or schema."""
        for task in self.all():
            if task.full_name.startswith(f"{container}."):
                self.drop(task.full_name)

    def roots(self, name: str) -> list[Task]:
        """Return the tasks without predecessors from which a task follows."""
        with self._changed:
            found, ahead, seen = [], [name], set()
            while ahead:
                current = ahead.pop()
                task = self._tasks.get(current)
                if task is None or current in seen:
                    continue
                seen.add(current)
                ahead += task.predecessors
                if not task.predecessors:
                    found.append(task)
            return found

    def graph(self, root: str) -> list[Task]:
        """Return a root and all that follows from it, predecessors first."""
        with self._changed:
            inside = {root}
            while (
                more := {n for n, t in self._tasks.items() if inside & set(t.predecessors)} - inside
            ):
                inside |= more
            order: list[Task] = []
            placed: set[str] = set()
            while ready := sorted(
                n
                for n in inside - placed
                if not (set(self._tasks[n].predecessors) & inside) - placed
            ):
                order += [self._tasks[n] for n in ready]
                placed.update(ready)
            return order

    # Runs

    def execute(self, task: Task) -> None:
        """Run a root and its graph soon, in the background."""
        with self._changed:
            key = self._note(task, task, _now(), _run_id(), "EXECUTE TASK")
            self._start(task, key, waits=True)

    def close(self) -> None:
        """Stop the timer and what runs, and wait for it a little."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            runs = list(self._runs)
        for session in list(self._sessions):
            session.interrupt()
        for run in runs:
            run.join(1)

    def _recover(self) -> None:
        """Take up what the last server left."""
        self._write(f"delete from {HISTORY} where scheduled_time < ?", _now() - _KEPT)
        self._write(
            f"update {HISTORY} set state = 'FAILED', error_code = '000604', error_message = ?,"
            " completed_time = now() where state = 'EXECUTING' or (state = 'SCHEDULED' and"
            " scheduled_from = 'EXECUTE TASK')",
            _CUT_OFF,
        )
        self._write(f"delete from {HISTORY} where state = 'SCHEDULED'")
        for task in self.all():
            self._schedule(task)

    def _schedule(self, task: Task) -> None:
        schedule = task.settings.get("SCHEDULE")
        if not task.started or schedule is None or self._closed:
            return
        due = next_time(schedule, task.resumed_on or task.created_on, _now())
        key = self._note(task, task, due, _run_id(), "SCHEDULE")
        self._due[task.full_name] = (due, key)
        if self._timer is None:
            self._timer = threading.Thread(target=self._wait, name="tasks", daemon=True)
            self._timer.start()
        self._changed.notify_all()

    def _unschedule(self, name: str) -> None:
        if found := self._due.pop(name, None):
            self._write(f"delete from {HISTORY} where run_key = ?", found[1])

    def _wait(self) -> None:
        with self._changed:
            while not self._closed:
                for name, (due, key) in list(self._due.items()):
                    if due <= _now():
                        del self._due[name]
                        self._schedule(self._tasks[name])
                        self._start(self._tasks[name], key, waits=False)
                soonest = min((due for due, _ in self._due.values()), default=None)
                left = None if soonest is None else (soonest - _now()).total_seconds()
                if left is None or left > 0:
                    self._changed.wait(left if left is None else min(left, 3600))

    def _start(self, root: Task, key: str, *, waits: bool) -> None:
        turn = self._turns.setdefault(root.full_name, threading.Lock())
        if not waits and turn.locked() and not root.overlapping:
            self._write(f"delete from {HISTORY} where run_key = ?", key)
            return
        name = f"task {root.full_name}"
        run = threading.Thread(target=self._run, args=(root, key, turn), name=name, daemon=True)
        self._runs.add(run)
        run.start()

    def _run(self, root: Task, key: str, turn: threading.Lock) -> None:
        try:
            if root.overlapping:
                self._run_graph(root, key)
            else:
                with turn:
                    self._run_graph(root, key)
        except Exception:
            if not self._closed:
                log.exception("run of task %s", root.full_name)
        finally:
            self._runs.discard(threading.current_thread())

    def _run_graph(self, root: Task, key: str) -> None:
        ((run_id, origin),) = self._rows(
            f"select run_id, scheduled_from from {HISTORY} where run_key = ?", key
        )
        outcomes: dict[str, str] = {}
        for task in self.graph(root.full_name):
            is_root = task.full_name == root.full_name
            if not is_root and not task.started:
                continue
            with self._changed:
                known = {n for n in task.predecessors if n in self._tasks}
            before = [n for n in known if n == root.full_name or self._tasks[n].started]
            if not is_root and (not before or any(outcomes.get(n) != "SUCCEEDED" for n in before)):
                continue
            row = key if is_root else self._note(task, root, _now(), run_id, origin)
            outcomes[task.full_name] = self._run_task(task, row)
        self._count(root, failed="FAILED" in outcomes.values())

    def _run_task(self, task: Task, key: str) -> str:
        self._set(key, state="EXECUTING", query_start_time=_now(), query_id=str(uuid.uuid4()))
        outcome: dict[str, Any] = {"state": "SUCCEEDED"}
        try:
            with self._session(task) as session:
                if task.condition and not self._holds(session, task.condition):
                    outcome = {
                        "state": "SKIPPED",
                        "error_code": "0040003",
                        "error_message": "Conditional expression for task evaluated to false.",
                    }
                else:
                    session.cursor().execute(task.body)
        except Exception as fault:
            refusal = translate(fault)
            message = _CUT_OFF if self._closed else str(refusal.raw_msg or refusal.msg)
            outcome = {
                "state": "FAILED",
                "error_code": f"{refusal.errno:06d}",
                "error_message": message,
            }
        self._set(key, completed_time=_now(), **outcome)
        return str(outcome["state"])

    @contextmanager
    def _session(self, task: Task) -> Iterator[Session]:
        """Give a session with the owner's role; it is interrupted at the task's time limit."""
        owner = self._account.service(Access).owner("TASK", task.full_name)
        require_execute(self._account, task, owner)
        session = Session(self._account, task.database, task.schema)
        session.user, session.role = "SYSTEM", owner
        session.warehouse = task.settings.get("WAREHOUSE")
        self._sessions.add(session)
        seconds = int(task.settings.get("USER_TASK_TIMEOUT_MS", "3600000")) / 1000
        ended, late = threading.Event(), threading.Event()

        def limit() -> None:
            if not ended.wait(seconds):
                late.set()
                session.interrupt()
                # One that comes between two statements goes astray
                while not ended.wait(0.2):
                    session.interrupt()

        threading.Thread(target=limit, daemon=True).start()
        try:
            yield session
        except Exception as fault:
            if late.is_set():
                raise error(
                    630,
                    f"Statement reached its statement or warehouse timeout of {seconds:g} "
                    "second(s) and was canceled.",
                    "57014",
                ) from fault
            raise
        finally:
            ended.set()
            self._sessions.discard(session)
            if not self._closed:
                session.close()

    @staticmethod
    def _holds(session: Session, condition: str) -> bool:
        cursor = session.cursor()
        cursor.execute(f"select ({condition})::boolean as holds")
        return bool(cursor.result.column(0)[0].as_py())

    def _count(self, root: Task, *, failed: bool) -> None:
        """Suspend a task that failed too often in a row."""
        with self._changed:
            task = self.get(root.full_name)
            if task is None or self._closed:
                return
            if not failed and not task.failures:
                return
            task.failures = task.failures + 1 if failed else 0
            limit = int(task.settings.get("SUSPEND_TASK_AFTER_NUM_FAILURES", "10"))
            if task.started and limit and task.failures >= limit:
                task.started, task.suspended_on = False, _now()
                task.suspended_reason = "SUSPENDED_DUE_TO_ERRORS"
            self._tasks[task.full_name] = task
            text = msgspec.json.encode(task).decode()
            self._write(f"insert or replace into {_TASKS} values (?, ?)", task.full_name, text)
            if not task.started:
                self._unschedule(task.full_name)

    # History

    def _note(self, task: Task, root: Task, due: datetime, run_id: str, origin: str) -> str:
        key = str(uuid.uuid4())
        self._write(
            f"insert into {HISTORY} (name, database_name, schema_name, query_text, condition_text,"
            " state, scheduled_time, root_task_id, graph_version, run_id, scheduled_from,"
            " attempt_number, run_key) values (?, ?, ?, ?, ?, 'SCHEDULED', ?, ?, ?, ?, ?, 1, ?)",
            *(task.name, task.database, task.schema, task.body, task.condition),
            *(due, root.id, root.version, run_id, origin, key),
        )
        return key

    def _set(self, key: str, **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        self._write(f"update {HISTORY} set {names} where run_key = ?", *values.values(), key)

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._changed:
            return self._connection.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: Any) -> None:
        self._rows(sql, *values)


def _now() -> datetime:
    return datetime.now(UTC)


def _run_id() -> str:
    return str(uuid.uuid4().int >> 66)
