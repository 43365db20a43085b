"""Pipes as they run: the store, and a thread that loads what is new on their stages.

A pipe's history is its own: a file name is loaded once in 14 days, changed or not. Each file is
loaded in one transaction with its row of the history, so none is lost or loaded twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from azure.storage.blob import BlobProperties
from sqlglot import exp

from snowflake_stand_in.engine.account import Account, Service
from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights import authorization
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import error, translate
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.stages import copy_into, stages
from snowflake_stand_in.stages.stages import Stage

_PIPES = "_fs_global.main.pipes"
_TABLES = f"create table if not exists {_PIPES} (name varchar primary key, definition varchar)"
_PAUSE_SECONDS = 1.0
# A long listing is repeated less often
_SHARE = 20
_LONGEST_PAUSE = 30.0
_KEPT = timedelta(days=14)
_REFRESHED = timedelta(days=7)
# What stops a pipe rather than being a fault of one file: storage, compilation, privileges, locks
_STALLING = {91003, 91016, 904, 1003, 1044, 1383, 2003, 2020, 2043, 2140, 3001, 625, 604, 603, 2}

log = logging.getLogger("uvicorn.error")


class Pipe(msgspec.Struct):
    """A pipe's definition and state. `before` is what was there at its creation, by name.

    `resumed_by` is the owner under whom it was last created or resumed.
    """

    database: str
    schema: str
    name: str
    id: str
    created_on: datetime
    definition: str
    auto_ingest: bool = False
    integration: str | None = None
    comment: str = ""
    resumed_by: str = ""
    paused: bool = False
    before: dict[str, str] = {}
    queue: dict[str, datetime] = {}

    @property
    def full_name(self) -> str:
        """The dotted name."""
        return f"{self.database}.{self.schema}.{self.name}"


class Done(NamedTuple):
    """What the pipe's history says of a file."""

    etag: str
    failed: bool


class Copy(NamedTuple):
    """A pipe's COPY as it is now: its statement, table and stage."""

    statement: exp.Copy
    target: TableName
    stage: Stage
    pattern: str | None


def pending(pipe: Pipe, blobs: Iterable[BlobProperties], done: dict[str, Done]) -> dict[str, Any]:
    """Return the blobs that a pipe has to load, by name, and when each was received."""
    found = {}
    # Storage keeps whole seconds
    since = pipe.created_on.replace(microsecond=0)
    for blob in blobs:
        etag = blob.etag.strip('"')
        queued = blob.name in pipe.queue
        new = pipe.auto_ingest and blob.last_modified >= since
        if not queued and (not new or pipe.before.get(blob.name) == etag):
            continue
        known = done.get(blob.name)
        if known is None or (known.failed and (queued or known.etag != etag)):
            found[blob.name] = (blob, pipe.queue.get(blob.name, blob.last_modified))
    return found


class Pipes(Service):
    """The account's pipes. Changes are in the file when a method returns."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._connection = account.duck_conn.cursor()
        self._connection.execute(_TABLES)
        self._changed = threading.Condition(threading.RLock())
        self._loading = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.errors: dict[str, str] = {}
        rows = self._connection.execute(f"select definition from {_PIPES}").fetchall()
        found = [msgspec.json.decode(text, type=Pipe) for (text,) in rows]
        self._pipes = {pipe.full_name: pipe for pipe in found}
        self._wake()

    def get(self, name: str) -> Pipe | None:
        """Return a copy of a pipe."""
        with self._changed:
            pipe = self._pipes.get(name)
            return msgspec.structs.replace(pipe, queue=dict(pipe.queue)) if pipe else None

    def check_transfer(self, kind: str, name: str) -> None:
        """Raise if a pipe runs: it has to be paused first."""
        pipe = self.get(name) if kind == "PIPE" else None
        if pipe is not None and not pipe.paused:
            raise error(
                3121, f"Cannot transfer the ownership of pipe {name}: it is not paused.", "23001"
            )

    def all(self) -> list[Pipe]:
        """Return copies of all pipes, by name."""
        with self._changed:
            return [msgspec.structs.replace(p) for _, p in sorted(self._pipes.items())]

    def put(self, pipe: Pipe) -> None:
        """Create or change a pipe."""
        with self._changed:
            self._pipes[pipe.full_name] = pipe
            self._save(pipe)
            self._wake()

    def drop(self, name: str) -> None:
        """Drop a pipe, after the file that it is loading."""
        with self._loading, self._changed:
            del self._pipes[name]
            self.errors.pop(name, None)
            self._connection.execute(f"delete from {_PIPES} where name = ?", [name])

    def drop_inside(self, container: str) -> None:
        """Drop the pipes of a database or schema."""
        for pipe in self.all():
            if pipe.full_name.startswith(f"{container}."):
                self.drop(pipe.full_name)

    def close(self) -> None:
        """Stop loading, after the file at hand or a second."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(1)

    def _save(self, pipe: Pipe) -> None:
        text = msgspec.json.encode(pipe).decode()
        self._connection.execute(
            f"insert or replace into {_PIPES} values (?, ?)", [pipe.full_name, text]
        )

    def _wake(self) -> None:
        with self._changed:
            if self._thread is None and self._active():
                self._thread = threading.Thread(target=self._work, name="pipes", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _active(self) -> list[str]:
        return [n for n, p in self._pipes.items() if not p.paused and (p.auto_ingest or p.queue)]

    def _work(self) -> None:
        while not self._closed:
            with self._changed:
                active = self._active()
                if not active:
                    self._changed.wait()
                    continue
            spent = sum([self._load(name) for name in active])
            with self._changed:
                if not self._closed:
                    self._changed.wait(min(max(_PAUSE_SECONDS, _SHARE * spent), _LONGEST_PAUSE))

    def _load(self, name: str) -> float:
        """Load what waits for a pipe; return the seconds that listing its stage took."""
        pipe = self.get(name)
        started = ended = time.monotonic()
        if pipe is None:
            return 0.0
        try:
            with self.cursor(pipe) as cursor:
                copy = read(cursor, pipe.definition)
                authorization.check_pipe(cursor, copy.statement.copy())
                blobs = copy.stage.files(copy.pattern)
                ended = time.monotonic()
                waiting = pending(pipe, blobs, history(cursor, copy.target, pipe.id))
                for blob, received in waiting.values():
                    if not self._load_file(cursor, pipe, blob, received):
                        return ended - started
            self._dequeue(name, pipe.queue)
            self.errors.pop(name, None)
        except Exception as fault:
            refusal = translate(fault)
            message = str(refusal.raw_msg or refusal.msg)
            if not self._closed and self.errors.get(name) != message:
                log.warning("pipe %s: %s", name, message)
            self.errors[name] = message
        return ended - started

    def _load_file(
        self, cursor: Cursor, pipe: Pipe, blob: BlobProperties, received: datetime
    ) -> bool:
        """Load one file; return False if the pipe has been paused, changed or dropped."""
        with self._loading:
            now = self._pipes.get(pipe.full_name)
            if self._closed or now is None or now.paused or now.id != pipe.id:
                return False
            delivery = copy_into.Delivery(
                pipe.id, (pipe.database, pipe.schema, pipe.name), received, blob
            )
            copy = read(cursor, pipe.definition)
            try:
                copy_into.run(cursor, copy.statement, delivery)
            except Exception as fault:
                refusal = translate(fault)
                if self._closed or refusal.errno in _STALLING:
                    raise
                message = str(refusal.raw_msg or refusal.msg)
                copy_into.fail(cursor, copy.target, copy.stage, delivery, message)
            return True

    def _dequeue(self, name: str, loaded: dict[str, datetime]) -> None:
        with self._changed:
            pipe = self._pipes.get(name)
            if pipe is not None and pipe.queue:
                left = {n: t for n, t in pipe.queue.items() if loaded.get(n) != t}
                if left != pipe.queue:
                    pipe.queue = left
                    self._save(pipe)

    @contextmanager
    def cursor(self, pipe: Pipe, role: str | None = None) -> Iterator[Cursor]:
        """Give a cursor where the pipe is, with its owner's role or another."""
        session = Session(self._account, pipe.database, pipe.schema)
        session.user = "SYSTEM"
        session.role = role or self._account.service(Access).owner("PIPE", pipe.full_name)
        try:
            yield session.cursor()
        finally:
            if not self._closed:
                session.close()


def read(cursor: Cursor, definition: str) -> Copy:
    """Read a pipe's COPY in a session of its schema."""
    statement = cursor.parsed(definition)
    assert isinstance(statement, exp.Copy)
    source = statement.args["files"][0]
    table = source.this.args["from_"].this if isinstance(source, exp.Subquery) else source
    stage = stages.find(cursor, table.this.name)
    target = names.target(statement, cursor.session.database, cursor.session.schema)
    patterns = [
        p.args["expression"].name
        for p in statement.args.get("params") or []
        if p.this.name.upper() == "PATTERN"
    ]
    return Copy(statement, target, stage, patterns[0] if patterns else None)


def history(cursor: Cursor, target: TableName, pipe_id: str | None) -> dict[str, Done]:
    """Return what a pipe, or COPY if None, has done to a table in the last 14 days, by file."""
    rows = cursor.rows(
        "select file_name, etag, status = 'LOAD_FAILED' from "
        f'"{target.database}"._fs_information_schema._fs_load_history'
        " where schema_name = ? and table_name = ? and pipe_id is not distinct from ?"
        " and last_load_time > ?",
        [target.schema, target.name, pipe_id, datetime.now(UTC) - _KEPT],
    )
    return {name: Done(etag, failed) for name, etag, failed in rows}


def refreshed(
    copy: Copy,
    mine: dict[str, Done],
    tables: dict[str, Done],
    prefix: str,
    since: datetime | None,
) -> list[str]:
    """Return the files that ALTER PIPE … REFRESH sends, by what pipe and table have loaded."""
    root = copy.stage.prefix + copy.stage.path + prefix
    since = max(since or datetime.min.replace(tzinfo=UTC), datetime.now(UTC) - _REFRESHED)
    found = []
    for blob in copy.stage.files(copy.pattern):
        loaded = blob.name in mine and not mine[blob.name].failed
        copied = tables.get(blob.name)
        loaded |= copied is not None and not copied.failed and copied.etag == blob.etag.strip('"')
        if blob.name.startswith(root) and blob.last_modified >= since and not loaded:
            found.append(blob.name)
    return found
