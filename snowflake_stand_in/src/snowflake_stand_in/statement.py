"""A statement's way, in three lists, and the cursor that takes a statement along it.

    text ── KINDS ──▶ a kind that sqlglot can't parse: its own code runs the text
      └── sqlglot ──▶ tree ── PREPARE ──▶ the first of HANDLERS that applies runs it;
                                          what it runs on DuckDB goes through TRANSLATE

A new kind of statement, pass or handler is a new row here. Every fault is Snowflake's error.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

from snowflake_stand_in.automation import pipes, scripting, stream_reads, streams, tasks
from snowflake_stand_in.catalog import (
    account_objects,
    budgets,
    describe,
    query_history,
    result_scan,
    retention,
    session_parameters,
    show,
)
from snowflake_stand_in.engine import transactions
from snowflake_stand_in.engine.pipeline import (
    Handler,
    Kind,
    Pass,
    alone,
    begins,
    command,
    of,
    run_passes,
)
from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.execution import ddl, dml
from snowflake_stand_in.rights import (
    authorization,
    current,
    grants,
    listings,
    managed_access,
    roles,
    visibility,
)
from snowflake_stand_in.sql import denials, parsing, refusals
from snowflake_stand_in.sql.data_types import Type
from snowflake_stand_in.sql.errors import translate, unsupported
from snowflake_stand_in.stages import copy_history, copy_into, put, stage_query, stages
from snowflake_stand_in.translation import (
    assignments,
    column_types,
    context,
    functions,
    json_paths,
    lengths,
    rewrite,
    semi_structured,
    set_operations,
    table_names,
    times,
    typed,
    variables,
)


def _refuse_create_or_alter(_: Cursor, __: str) -> None:
    raise refusals.refused("create or alter")  # sqlglot makes OR REPLACE of it


# 1. Recognise: the kinds of statements that sqlglot can't parse, by how their text begins
KINDS: tuple[Kind, ...] = (
    scripting.BLOCK,
    tasks.TASK,
    pipes.PIPE,
    streams.STREAM,
    Kind("CREATE OR ALTER", begins("create or alter"), _refuse_create_or_alter),
    roles.ROLE,
    grants.GRANT,
    listings.RIGHTS,
    account_objects.ACCOUNT_OBJECT,
    budgets.BUDGET,
    session_parameters.PARAMETER,
)


def _translate_by_fakesnow(cursor: Cursor, tree: exp.Expr) -> exp.Expr:
    assert isinstance(cursor, StatementCursor)
    return FakeSnowflakeCursor._transform(cursor, tree, cursor.bindings)


# 2. Passes: each takes a tree to a tree. PREPARE is for every statement, and leaves it Snowflake's
PREPARE: tuple[Pass, ...] = (
    table_names.ignore_case,
    alone(rewrite.name_columns),
    alone(rewrite.drop_dual),
    alone(rewrite.write_joins_out),
    variables.substitute,
    variables.substitute_session,
    alone(table_names.write_identifiers_out),
    alone(denials.check),
    context.check_functions,
    context.call_functions,
    current.call_functions,
    alone(refusals.check),
    authorization.check,
    tasks.call_functions,
    pipes.call_functions,
    stream_reads.call_functions,
    table_names.check_case,
    stream_reads.check_readers,
)

# SOURCES is for queries: what they read that is no table
SOURCES: tuple[Pass, ...] = (
    copy_history.read_history,
    query_history.read_usage,
    result_scan.read_result,
    stage_query.read_stage,
)

# TRANSLATE makes Snowflake's tree DuckDB's
TRANSLATE: tuple[Pass, ...] = (
    table_names.qualify,
    alone(rewrite.drop_keys),
    alone(rewrite.drop_properties),
    alone(rewrite.write_star_out),
    times.prepare,
    alone(functions.rewrite_functions),
    _translate_by_fakesnow,
    alone(rewrite.leave_nulls_out),
    alone(semi_structured.hide_undefined),
    table_names.place_temporary,
    stream_reads.show_changes,
    visibility.hide_rows,
    alone(rewrite.quote),
    typed.rewrite_typed,
    set_operations.unite,
    times.stop_clock,
    assignments.convert,
    lengths.enforce,
    alone(json_paths.share),
    rewrite.narrow_whole_numbers,
)


def _run_query(cursor: Cursor, tree: exp.Expr) -> None:
    assert isinstance(cursor, StatementCursor)
    cursor.asked = tree
    with cursor.session.reading(), stream_reads.reading(cursor, tree):
        cursor.run_translated(run_passes(SOURCES, cursor, tree))


def _refuse(_: Cursor, tree: exp.Command) -> None:
    raise unsupported(f"statements of {str(tree.this).upper()}")


# 3. Handlers: the first that applies runs the prepared statement
HANDLERS: tuple[Handler, ...] = (
    Handler(of(exp.Set), variables.run_set),
    Handler(variables.is_unset, variables.run_unset),
    Handler(variables.is_start_transaction, transactions.run_begin),
    Handler(of(exp.Transaction), transactions.run_begin),
    Handler(of(exp.Commit), transactions.run_commit),
    Handler(of(exp.Rollback), transactions.run_rollback),
    Handler(of(exp.Use), current.run),
    Handler(of(exp.Copy), copy_into.run),
    Handler(of(exp.Insert, exp.Update, exp.Delete, exp.Merge), dml.run),
    Handler(of(exp.Create, exp.Drop, exp.Alter, exp.Comment, exp.TruncateTable), ddl.run),
    Handler(of(exp.ListStage), stages.run_list),
    Handler(of(exp.Put), put.run),
    Handler(command("remove|rm"), stages.run_remove),
    Handler(command("alter stage"), stages.run_alter),
    Handler(command("alter (table|view)"), describe.run_column_comments),
    Handler(retention.applies, retention.run),
    Handler(managed_access.applies, managed_access.run),
    Handler(command("alter (schema|database)"), describe.run_alter_container),
    Handler(describe.applies, describe.run),
    Handler(show.applies, show.run),
    Handler(session_parameters.is_show, session_parameters.run_show),
    Handler(command(r"show (?!user functions)\w+"), show.run_command),
    Handler(command("(?!show)\\w+"), _refuse),
    Handler(of(exp.Expr), _run_query),
)


class StatementCursor(FakeSnowflakeCursor):
    """Runs one statement along this way, and holds its result: the Cursor of all rooms."""

    _conn: Session
    _duck_conn: duckdb.DuckDBPyConnection
    _arrow_table: Any

    def __init__(self, session: Session, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(session, connection)
        self.bindings: Any = None
        self.arrays: dict[str, Any] | None = None
        self.asked: exp.Expr | None = None
        self.upload: dict[str, Any] | None = None
        self._described: list[Any] = []

    @property
    def session(self) -> Session:
        """The session it runs in."""
        return self._conn

    @property
    def result(self) -> pa.Table:
        """The rows of the result."""
        return self._arrow_table

    def execute(
        self,
        command: str,
        params: Sequence[Any] | dict[Any, Any] | None = None,
        *args: Any,
        arrays: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> StatementCursor:
        """Run a statement's text; `arrays` is an array binding as clients send it."""
        history = self.session.account.service(query_history.QueryHistory)
        try:
            with history.recorded(self.session, command, self):
                self._run(self.parsed(command), params, arrays)
        except Exception as fault:
            raise translate(fault) from fault
        self._conn.last_query_id = self.sfqid
        return self

    def perform(self, tree: exp.Expr) -> None:
        """Run a parsed statement, the whole way, without bindings."""
        try:
            self._run(tree, None, None)
        except Exception as fault:
            raise translate(fault) from fault
        self._conn.last_query_id = self.sfqid

    def parsed(self, text: str) -> exp.Expr:
        """Parse a statement's text; a kind that sqlglot can't parse becomes a command."""
        opening = parsing.opening(text)
        for kind in KINDS:
            if (recognised := kind.recognise(text, opening)) is not None:
                return recognised
        return parsing.parse(text)

    def _run(self, tree: exp.Expr, bindings: Any, arrays: dict[str, Any] | None) -> None:
        self.asked = None
        self.bindings = list(bindings) if isinstance(bindings, tuple) else bindings
        self.arrays = arrays
        self.session.follow_zone()
        if isinstance(tree, exp.Command):
            for kind in KINDS:
                if tree.this == kind.name:
                    table_names.ignore_case(self, tree)
                    if bindings:
                        raise unsupported(f"bindings in a {kind.name.lower()}")
                    kind.run(self, tree.expression.name)
                    return
        tree = run_passes(PREPARE, self, tree)
        next(row for row in HANDLERS if row.applies(self, tree)).run(self, tree)

    def translated(self, tree: exp.Expr) -> exp.Expr:
        """Return a statement or query of Snowflake's as one of DuckDB's."""
        return run_passes(TRANSLATE, self, tree.copy())

    def bound(self, tree: exp.Expr) -> Any:
        """Return the bindings for a translated tree: None if it has no placeholders."""
        return self.bindings if tree.find(exp.Placeholder) else None

    def run_translated(self, tree: exp.Expr) -> None:
        """Translate a statement and run it on DuckDB; its result becomes this one's."""
        if isinstance(tree, exp.Query | exp.DML | exp.DDL):
            self.check_db_and_schema(tree)
        for part in self._transform_explode(tree):
            translated = self.translated(part)
            self._execute(translated, self.bound(translated))

    def rows(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement of ours on DuckDB, to its end: a half-read result blocks the next."""
        return self._duck_conn.execute(sql, parameters).fetchall()

    def described(self) -> list[Any]:
        """Describe the result's columns: name, DuckDB's type, …."""
        return self._described

    def types_of(self, query: exp.Expr | None) -> list[Type | None]:
        """Return what Snowflake says of a query's columns; none if it is not known."""
        found = column_types.of_query(self, query) if isinstance(query, exp.Query) else None
        return list((found or {}).values())

    def _execute(self, transformed: exp.Expr, params: Any = None) -> None:
        super()._execute(transformed, params)
        # As it came: to ask again would be dear, and another session's DDL may come between
        self._described = [
            (name, str(kind), "YES", None, None, None)
            for name, kind, *_ in self._duck_conn.description
        ]

    def describe_only(self, text: str) -> list[Any] | None:
        """Describe the result of a statement without running it; None where that can't be."""
        if not isinstance(self.parsed(text), exp.Command):
            return self._describe_only(text)
        self.answer('describe select null::varchar as "anonymous block"')
        return list(self.fetchall())

    def register(self, name: str, rows: object) -> None:
        """Let DuckDB read an Arrow table or reader under a name."""
        self._duck_conn.register(name, rows)

    def unregister(self, name: str) -> None:
        """Take it back; where an error has ended the transaction, that error is the news."""
        with suppress(duckdb.TransactionException):
            self._duck_conn.unregister(name)

    def answer(self, sql: str) -> None:
        """Make the result of `sql`, a DuckDB query, this statement's."""
        # A command passes as it is: to parse SQL of ours and write it again would be dear
        word, rest = sql.split(maxsplit=1)
        self._execute(exp.Command(this=word, expression=rest))

    def answer_table(self, table: pa.Table) -> None:
        """Make `table` this statement's result."""
        self._duck_conn.register("_answer", table)
        self.rows("create or replace temp table _last_answer as from _answer")
        self._duck_conn.unregister("_answer")
        self.answer("select * from _last_answer")

    def succeed(self, message: str = "Statement executed successfully.") -> None:
        """Answer with one row: what happened."""
        literal = exp.Literal.string(message).sql(dialect="duckdb")
        self.answer(f"select {literal} as status")
