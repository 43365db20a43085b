"""A session: its transaction, temporary relations, variables and parameters; and its cursors.

Snowflake reads what is committed when each statement starts; DuckDB reads a snapshot taken when its
transaction starts. So a DuckDB transaction starts only at the first write of a Snowflake one, after
the wait for the table's lock: whatever ran before reads the newest state, and so does that write.
"""

from __future__ import annotations

import asyncio
import threading
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
from fakesnow.conn import FakeSnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from sqlglot import exp

from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.sql.errors import error, translate, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.sql.parameters import DEFAULTS


class Cursor(Protocol):
    """Runs one statement in its session and holds the result: what all rooms know of it.

    `statement.py` makes it. `bindings` are the values for the statement's placeholders, by position
    or name; `arrays` are those of an array binding, as clients send it; `upload` tells a client
    what to do with its files.
    """

    bindings: Any
    arrays: dict[str, Any] | None
    upload: dict[str, Any] | None

    @property
    def session(self) -> Session:
        """The session it runs in."""

    @property
    def result(self) -> pa.Table:
        """The rows of the result."""

    def parsed(self, text: str) -> exp.Expr:
        """Parse a statement's text; a kind that sqlglot can't parse becomes a command."""

    def execute(self, command: str) -> object:
        """Run a statement's text."""

    def perform(self, tree: exp.Expr) -> None:
        """Run a parsed statement, the whole way, without bindings."""

    def translated(self, tree: exp.Expr) -> exp.Expr:
        """Return a statement or query of Snowflake's as one of DuckDB's."""

    def bound(self, tree: exp.Expr) -> Any:
        """Return the bindings for a translated tree: None if it has no placeholders."""

    def run_translated(self, tree: exp.Expr) -> None:
        """Translate a statement and run it on DuckDB; its result becomes this one's."""

    def rows(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement of ours on DuckDB, to its end: a half-read result blocks the next."""

    def described(self) -> list[Any]:
        """Describe the result's columns: name, DuckDB's type, …."""

    def answer(self, sql: str) -> None:
        """Make the result of `sql`, a DuckDB query, this statement's."""

    def answer_table(self, table: pa.Table) -> None:
        """Make `table` this statement's result."""

    def succeed(self, message: str = ...) -> None:
        """Answer with one row: what happened."""

    def register(self, name: str, rows: object) -> None:
        """Let DuckDB read an Arrow table or reader under a name."""

    def unregister(self, name: str) -> None:
        """Take it back; where an error has ended the transaction, that error is the news."""


class Session(FakeSnowflakeConnection):
    """One login. Requests of a session run one after another, under `turn`.

    A database or schema that doesn't exist is simply not current.
    """

    organization_name, region = "LOCAL", "AZURE_LOCAL"

    def __init__(self, account: Account, database: str | None, schema: str | None) -> None:
        super().__init__(
            account.connection(),
            account.results_cache,
            database,
            schema or ("PUBLIC" if database else None),
            create_database=False,
            create_schema=False,
            paramstyle="qmark",
        )
        if not self.schema_set:
            self._schema = None
        if not self.database_set:
            self.database = None
        self.account = account
        self.turn = threading.Lock()
        self.user = self.account_name = self.session_id = ""
        self.role: str | None = None
        # None stands for all that the user has been granted
        self.secondary_roles: tuple[str, ...] | None = ()
        self.warehouse: str | None = None
        self.last_query_id: str | None = None
        # A block of several statements ends when this has grown
        self.interrupts = 0
        self.temporary: dict[TableName, str] = {}
        self.values: dict[str, exp.Expr] = {}
        # What is set for the session, and for its user
        self.parameters: dict[str, str] = {}
        self.user_parameters: dict[str, str] = {}
        self._zone = ""
        self.clients: set[tuple[str, int]] = set()
        self.answers: dict[str, asyncio.Task[Any]] = {}
        # In the open transaction: what its commit does first, by what it is for, and the tables
        # from which it has deleted
        self.before_commit: dict[str, Callable[[], None]] = {}
        self.deleted_from: set[TableName] = set()
        self._locks = account.locks
        self._open = False
        self._begun = False
        self._failed = False
        self._snapshot = 0
        self._touched: set[TableName] = set()

    def cursor(  # type: ignore[override]  # one of ours, of which the rooms know this much
        self, cursor_class: type[SnowflakeCursor] = SnowflakeCursor
    ) -> Cursor:
        """Return a cursor of ours."""
        cursor: Cursor = self.account.new_cursor(self, self._duck_conn)
        return cursor

    @property
    def in_snapshot(self) -> bool:
        """Whether DuckDB's transaction has begun: an error in it would end it."""
        return self._begun

    @contextmanager
    def beside(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection beside the open transaction, whose errors don't end it."""
        with self._duck_conn.cursor() as connection:
            if self.database and self.schema:
                connection.execute(f'set schema = \'"{self.database}"."{self.schema}"\'')
            yield connection

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, in Snowflake's sense."""
        return self._open

    def use(self, database: str | None, schema: str) -> None:
        """Make a database and schema current."""
        if database is None:
            raise error(90105, "Cannot perform USE SCHEMA. This session has no current database.")
        self._duck_conn.execute(f'set schema = \'"{database}"."{schema}"\'')
        self.database, self._schema = database, schema
        self.database_set = self.schema_set = True

    @property
    def settings(self) -> Mapping[str, str]:
        """All parameters as they hold here: the session's, its user's, the account's, defaults."""
        return ChainMap(self.parameters, self.user_parameters, self.account.parameters, DEFAULTS)

    @property
    def commits_alone(self) -> bool:
        """Whether AUTOCOMMIT is on."""
        return self.settings["AUTOCOMMIT"] == "true"

    def set_parameter(self, name: str, value: str | None) -> None:
        """Set a parameter for the session, or forget that; AUTOCOMMIT's change commits."""
        alone = self.commits_alone
        if value is None:
            self.parameters.pop(name, None)
        else:
            self.parameters[name] = value
        if self.commits_alone != alone:
            self.commit()

    def follow_zone(self) -> None:
        """Make DuckDB's time zone that of the session."""
        zone = self.settings["TIMEZONE"]
        if zone != self._zone:
            self._duck_conn.execute(f"set TimeZone = '{zone}'")
            self._zone = zone

    def begin(self) -> None:
        """Open a transaction; a second BEGIN does nothing."""
        self._open = True

    def commit(self) -> None:
        """Commit what is open, or raise if an earlier error has lost a part of it."""
        if self._failed:
            self.rollback()
            raise error(
                604,
                "The transaction cannot commit: one of its statements failed and DuckDB has undone "
                "the others. It was rolled back; run it again",
                "25000",
            )
        try:
            for act in list(self.before_commit.values()):
                act()
        except BaseException:
            self.rollback()
            raise
        try:
            if self._begun:
                with self._locks.commits:
                    self._duck_conn.commit()
                    self._locks.record(self._touched)
        except duckdb.Error as fault:
            raise translate(fault) from fault
        finally:
            self._end()

    def rollback(self) -> None:
        """Undo what is open."""
        try:
            self._undo()
        finally:
            self._end()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run a statement that writes no table."""
        self._refuse_after_failure()
        try:
            yield
        except BaseException:
            self._failed = self._begun
            raise

    @contextmanager
    def writing(
        self,
        tables: Iterable[TableName],
        *,
        exclusive: bool,
        streams_moved: Iterable[TableName] = (),
    ) -> Iterator[None]:
        """Run one DML statement that changes `tables`, whole or not at all.

        `exclusive` is for UPDATE, DELETE and MERGE, which wait for each other; whatever moves a
        stream waits for others that do.
        """
        self._refuse_after_failure()
        tables = [t for t in tables if t not in self.temporary]
        moved = list(streams_moved)
        alone = not self._open and self.commits_alone
        try:
            for table in [*(tables if exclusive else []), *moved]:
                self._lock(table)
            self._start(tables)
        except BaseException:
            if alone:
                self.rollback()
            raise
        try:
            yield
        except BaseException:
            if alone:
                self.rollback()
            elif self._touched:
                self._failed = True
            else:
                # Nothing came before, so undoing all is undoing this statement
                self._undo()
            raise
        self._touched.update(tables, moved)
        self._open = True
        if alone:
            self.commit()

    @contextmanager
    def repeatable(self, table: TableName) -> Iterator[None]:
        """Read several times what one state of a table is; a transaction keeps it to its end."""
        alone = not self._begun and not self._open and self.commits_alone
        self._start([table])
        self._open = self._open or not alone
        try:
            yield
        finally:
            if alone:
                self._undo()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read several times what one state of everything is: an open transaction's, or now's."""
        if self._begun:
            yield
            return
        self._duck_conn.begin()
        try:
            yield
        finally:
            self._duck_conn.rollback()

    def interrupt(self) -> None:
        """Stop the running statement, waiting or not; it then raises in its own thread."""
        self.interrupts += 1
        self._locks.interrupt(self)
        self._duck_conn.interrupt()

    def abandon(self) -> None:
        """Undo the open transaction of a client that is gone; if it returns, COMMIT will raise."""
        if not self._open:
            return
        self.interrupt()
        with self.turn:
            self.rollback()
            self._open = self._failed = True

    def close(self, retry: bool = True) -> None:
        """Log out: an open transaction is rolled back, temporary tables vanish."""
        self.interrupt()
        with self.turn:
            self.rollback()
            super().close()

    def _lock(self, table: TableName) -> None:
        self._locks.acquire(self, table, float(self.settings["LOCK_TIMEOUT"]))
        if self._begun and self._locks.changed_since(table, self._snapshot):
            raise unsupported(
                f"table '{table}' was changed by another session after this transaction's first "
                "write, and DuckDB cannot show the change. Roll back and run the transaction again"
            )

    def _start(self, tables: list[TableName]) -> None:
        if self._begun:
            return
        with self._locks.commits:
            self._duck_conn.begin()
            self._begun = True
            # DuckDB takes a database's snapshot when a transaction first looks at it
            for database in {t.database for t in tables}:
                self._duck_conn.execute(
                    f'from "{database}"._fs_information_schema._fs_load_history limit 0'
                )
            self._snapshot = self._locks.snapshot()

    def _undo(self) -> None:
        if self._begun:
            self._begun = False
            self.before_commit, self.deleted_from = {}, set()
            self._duck_conn.rollback()

    def _refuse_after_failure(self) -> None:
        if self._failed:
            raise error(
                604,
                "An earlier statement of this transaction failed and DuckDB has undone the "
                "transaction: ROLLBACK and run it again",
                "25000",
            )

    def _end(self) -> None:
        self._open = self._begun = self._failed = False
        self._touched = set()
        self.before_commit, self.deleted_from = {}, set()
        self._locks.release(self)
