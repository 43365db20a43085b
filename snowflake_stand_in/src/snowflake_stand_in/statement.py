"""Runs one statement: parse, refuse or rewrite, lock, execute; every fault is Snowflake's error."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

from snowflake_stand_in.automation import pipes, scripting, streams, tasks
from snowflake_stand_in.catalog import account_objects, budgets, describe, retention, show, swap
from snowflake_stand_in.rights import authorization, grants, logins
from snowflake_stand_in.sql import (
    json_paths,
    lengths,
    names,
    refusals,
    rewrite,
    token_stream,
    typed,
    variables,
)
from snowflake_stand_in.sql.errors import error, translate, unsupported
from snowflake_stand_in.stages import copy_into, stage_query, stages
from snowflake_stand_in.writes import array_insert, merge

if TYPE_CHECKING:
    from snowflake_stand_in.engine.session import Session

# DDL of several sessions at once conflicts in DuckDB's catalog where Snowflake's doesn't
_CATALOG_RETRY_SECONDS = 10.0

_WHOLE = ("HUGEINT", "INTEGER", "SMALLINT", "TINYINT")

logging.getLogger("sqlglot").setLevel(logging.ERROR)


def _without_positions(statement: exp.Expr) -> exp.Expr:
    """Forget where in the text each node stood, but for what fakesnow reads: half of a copy."""
    for node in statement.walk():
        if not isinstance(node, exp.Stddev):
            node._meta = None
    return statement


class Cursor(FakeSnowflakeCursor):
    """One statement's run and its result."""

    _conn: Session
    _duck_conn: duckdb.DuckDBPyConnection
    _arrow_table: Any
    _last_transformed: Any
    _rowcount: Any

    def execute(
        self,
        command: str,
        params: Sequence[Any] | dict[Any, Any] | None = None,
        *args: Any,
        arrays: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Cursor:
        """Run one statement; `arrays` is an array binding as clients send it."""
        binds = kwargs.get("binding_params") or params
        try:
            self._run(
                self._parsed(command), list(binds) if isinstance(binds, tuple) else binds, arrays
            )
        except Exception as fault:
            raise translate(fault) from fault
        self._conn.last_query_id = self.sfqid
        return self

    def rows(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement of ours on DuckDB, to its end: a half-read result blocks the next."""
        return self._duck_conn.execute(sql, parameters).fetchall()

    def forget(self, name: str) -> None:
        """Unregister a table; where an error has ended the transaction, that error is the news."""
        with suppress(duckdb.TransactionException):
            self._duck_conn.unregister(name)

    def answer(self, sql: str) -> None:
        """Make the result of `sql`, a DuckDB query, this statement's."""
        super()._execute(sqlglot.parse_one(sql, read="duckdb"))

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

    def translated(self, expression: exp.Expr, params: Any = None) -> str:
        """Translate one statement or query to DuckDB's SQL."""
        return self._transform(expression, params).sql(dialect="duckdb")

    def perform(self, statement: exp.Expr) -> None:
        """Run one parsed statement without bindings."""
        try:
            self._run(statement, None, None)
        except Exception as fault:
            raise translate(fault) from fault
        self._conn.last_query_id = self.sfqid

    def _describe_only(self, command: str) -> list[Any] | None:
        if not isinstance(self._parsed(command), exp.Command):
            return super()._describe_only(command)
        self.answer('describe select null::varchar as "anonymous block"')
        return list(self.fetchall())

    def _parsed(self, command: str) -> exp.Expr:
        for language in (scripting, tasks, pipes, streams):
            whole: exp.Expr | None = language.recognised(command)
            if whole is not None:
                return whole
        if token_stream.first_word(command) == "CREATE":
            tokens = token_stream.TokenStream(command)
            if [tokens.ahead(i) for i in (1, 2)] == ["OR", "ALTER"]:
                raise refusals.refused("create or alter")  # the parser makes OR REPLACE of it
        statements = [
            s
            for s in sqlglot.parse(command, read="snowflake")
            if s is not None and not isinstance(s, exp.Semicolon)
        ]
        if not statements:
            raise error(900, "Empty SQL statement.", "42601")
        if len(statements) > 1:
            raise error(
                8,
                f"Actual statement count {len(statements)} did not match the desired "
                "statement count 1.",
                "0A000",
            )
        return _without_positions(statements[0])

    def _run(self, statement: exp.Expr, params: Any, arrays: dict[str, Any] | None) -> None:
        session = self._conn
        match statement:
            case exp.Command(
                this=scripting.COMMAND | tasks.COMMAND | pipes.COMMAND | streams.COMMAND
            ) if params:
                raise unsupported("bindings in a block or a statement about tasks, pipes, streams")
            case exp.Command(this=scripting.COMMAND):
                scripting.run(self, statement.expression.name)
                return
            case exp.Command(this=tasks.COMMAND):
                tasks.run(self, statement.expression.name)
                return
            case exp.Command(this=pipes.COMMAND):
                pipes.run(self, statement.expression.name)
                return
            case exp.Command(this=streams.COMMAND):
                streams.run(self, statement.expression.name)
                return
        if grants.handle(self, statement) or account_objects.handle(self, statement):
            return
        if isinstance(statement, exp.Command) and budgets.handle(self, statement):
            return
        if isinstance(statement, exp.Set):
            authorization.check(self, statement)
        if variables.handle(self, statement):
            return
        rewrite.name_columns(statement)
        statement = variables.substitute(statement, session.values)
        statement = variables.substitute_session(statement, session)
        refusals.check(statement)
        authorization.check(self, statement)
        statement = pipes.resolve(self, tasks.resolve(self, statement))
        statement = streams.call(self, statement)
        names.check_case(statement, session.temporary)
        self._last_transformed = statement
        match statement:
            case exp.Transaction():
                session.begin()
                self.succeed()
            case exp.Commit():
                session.commit()
                self.succeed()
            case exp.Rollback():
                session.rollback()
                self.succeed()
            case exp.Copy() | exp.Create() if streams.read_by(self, statement):
                raise unsupported("streams in COPY, CREATE TABLE AS and views: use INSERT")
            case exp.Copy():
                copy_into.run(self, statement)
            case exp.Insert() | exp.Update() | exp.Delete() | exp.Merge():
                self._write(statement, params, arrays)
            case exp.Create() | exp.Drop() | exp.Alter() | exp.Comment() | exp.TruncateTable():
                with authorization.defining(self, statement):
                    self._define(statement, params)
            case exp.Use():
                with session.reading():
                    self._use(statement)
            case exp.Show() if show.handle(self, statement):
                pass
            case exp.Describe() if describe.handle(self, statement):
                pass
            case exp.ListStage():
                stages.list_files(self, statement)
            case exp.Command() if describe.alter_column_comments(self, statement):
                pass
            case exp.Command() if retention.alter(self, statement):
                pass
            case exp.Command() if stages.alter(self, statement) or stages.remove(self, statement):
                pass
            case exp.Command() if describe.alter_container(self, statement):
                pass
            case exp.Command() if show.handle_command(self, statement):
                pass
            case exp.Command() if str(statement.this).upper() != "SHOW":
                raise unsupported(f"statements of {str(statement.this).upper()}")
            case _:
                with session.reading(), streams.reading(self, statement):
                    self._statements(stage_query.readable(self, statement), params)

    def _statements(self, statement: exp.Expr, params: Any) -> None:
        if isinstance(statement, exp.Query | exp.DML | exp.DDL):
            self.check_db_and_schema(statement)
        for part in self._transform_explode(statement):
            transformed = self._narrowed(self._transform(part, params))
            self._execute(transformed, params if transformed.find(exp.Placeholder) else None)

    def _transform_explode(self, expression: exp.Expr) -> list[exp.Expr]:
        if isinstance(expression, exp.Merge):
            return [expression]
        return super()._transform_explode(expression)

    def _transform(self, expression: exp.Expr, params: Any) -> exp.Expr:
        before = rewrite.before(expression, self._conn.database, self._conn.schema)
        after = rewrite.after(super()._transform(before, params))
        after = names.resolve_temporary(after, self._conn.temporary)
        after = streams.resolve(self, after)
        after = authorization.readable(self._conn, after)
        for identifier in after.find_all(exp.Identifier):
            identifier.set("quoted", True)  # words that DuckDB alone reserves
        return json_paths.share(lengths.enforce(self, typed.resolve(self, after)))

    def _write(self, statement: exp.Expr, params: Any, arrays: dict[str, Any] | None) -> None:
        target = names.target(statement, self._conn.database, self._conn.schema)
        exclusive = not isinstance(statement, exp.Insert) or bool(statement.args.get("overwrite"))
        consumed = streams.read_by(self, statement)
        shortened = self._conn.account.streams.on(target) if exclusive else []
        moved = [stream.place for stream in consumed + shortened]
        with (
            self._conn.writing([target], exclusive=exclusive, streams_moved=moved),
            streams.consuming(self, target, consumed),
            streams.deleting(self, statement, params, shortened),
        ):
            if arrays is not None and isinstance(statement, exp.Insert):
                array_insert.run(self, statement, arrays)
            elif isinstance(statement, exp.Merge):
                merge.run(self, statement, params)
            else:
                self._statements(statement, params)

    def _define(self, statement: exp.Expr, params: Any) -> None:
        """Run DDL: it commits what is open, and itself."""
        session = self._conn
        session.commit()
        streams.check_definition(self, statement)
        kind = str(statement.args.get("kind") or "").upper()
        if kind == "DATABASE":
            self._database(statement)
        elif kind == "STAGE" and not isinstance(statement, exp.Comment):
            stages.define(self, statement)
        elif kind == "FILE FORMAT" and isinstance(statement, exp.Drop):
            stages.drop_format(self, statement)
        elif isinstance(statement, exp.Comment):
            describe.comment(self, statement)
        elif swap.handle(self, statement) or describe.set_properties(self, statement):
            pass
        elif self._is_temporary(statement):
            self._define_temporary(statement, params)
        elif describe.is_there(self, statement):
            name = names.target(statement, session.database, session.schema).name
            self.succeed(f"{name} already exists, statement succeeded.")
        else:
            comments = describe.take_comments(statement)
            self._retrying(statement, params)
            describe.record(self, statement, *comments)
        if kind == "SCHEMA" and (isinstance(statement, exp.Drop) or statement.args.get("replace")):
            place = statement.find(exp.Table)
            assert place is not None
            database = names.normal(place.args["catalog"]) if place.catalog else session.database
            session.account.drop_contents(f"{database}.{names.normal(place.args['db'])}")
        streams.defined(self, statement)

    def _retrying(self, statement: exp.Expr, params: Any) -> None:
        deadline = time.monotonic() + _CATALOG_RETRY_SECONDS
        while True:
            try:
                self._statements(statement.copy(), params)
                return
            except Exception as fault:
                cause = fault.__cause__ if fault.__cause__ is not None else fault
                conflict = isinstance(cause, duckdb.TransactionException)
                if not conflict or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _narrowed(self, transformed: exp.Expr) -> exp.Expr:
        """Make whole numbers of CREATE … AS SELECT what NUMBER(38, 0) is here: BIGINT."""
        query = transformed.expression
        if not isinstance(transformed, exp.Create) or not isinstance(query, exp.Query):
            return transformed
        if query.find(exp.Placeholder):
            return transformed
        sql = query.sql(dialect="duckdb")
        wide = [name for name, kind, *_ in self.rows(f"describe {sql}") if kind in _WHOLE]
        if wide:
            columns = {name: exp.column(exp.to_identifier(name, quoted=True)) for name in wide}
            casts = [
                exp.alias_(exp.cast(column, "bigint"), name, quoted=True)
                for name, column in columns.items()
            ]
            narrowed = exp.select(exp.Star(replace=casts)).from_(exp.Subquery(this=query.copy()))
            transformed.set("expression", narrowed)
        return transformed

    def _is_temporary(self, statement: exp.Expr) -> bool:
        if isinstance(statement, exp.Create):
            return statement.find(exp.TemporaryProperty) is not None
        return (
            isinstance(statement, exp.Drop)
            and str(statement.args.get("kind")).upper() in ("TABLE", "VIEW")
            and names.target(statement, self._conn.database, self._conn.schema)
            in self._conn.temporary
        )

    def _define_temporary(self, statement: exp.Expr, params: Any) -> None:
        session = self._conn
        target = names.target(statement, session.database, session.schema)
        kind = str(statement.args["kind"]).upper()
        if isinstance(statement, exp.Drop):
            self.rows(f'drop {kind} if exists temp.main."{target}"')
            del session.temporary[target]
            self.succeed(f"{target.name} successfully dropped.")
            return
        if statement.args.get("exists") and target in session.temporary:
            self.succeed(f"{target.name} already exists, statement succeeded.")
            return
        transformed = self._narrowed(self._transform(statement, params))
        known = session.temporary.get(target)
        if known is not None and known != kind:
            self.rows(f'drop {known} temp.main."{target}"')
        physical = names.physical(target)
        table = transformed.find(exp.Table)
        assert table is not None
        table.replace(physical)
        self.rows(transformed.sql(dialect="duckdb"))
        session.temporary[target] = kind
        lengths.record(self, statement, lengths.of_session(self, str(target)))
        self.succeed(f"{kind.capitalize()} {target.name} successfully created.")

    def _database(self, statement: exp.Expr) -> None:
        session = self._conn
        name = names.normal(statement.find(exp.Identifier))
        exists = bool(statement.args.get("exists"))
        if isinstance(statement, exp.Drop):
            session.account.drop_database(name, exists_ok=exists)
            describe.record(self, statement, None, [])
            self.succeed(f"{name} successfully dropped.")
            return
        if isinstance(statement, exp.Create) and not statement.args.get("replace"):
            created = session.account.create_database(name, exists_ok=exists)
            if created:
                session.use(name, "PUBLIC")
                describe.record(self, statement, describe.take_comments(statement)[0], [])
                self.succeed(f"Database {name} successfully created.")
            else:
                self.succeed(f"{name} already exists, statement succeeded.")
            return
        raise refusals.refused("database")

    def _use(self, statement: exp.Use) -> None:
        kind = statement.args.get("kind")
        kind_name = kind.name.upper() if isinstance(kind, exp.Expr) else str(kind or "")
        table = statement.this
        if kind_name == "SECONDARY ROLES":
            logins.use_secondary_roles(self._conn, statement)
        elif kind_name == "ROLE":
            logins.use_role(self._conn, names.normal(table.this))
        elif kind_name == "WAREHOUSE":
            name = names.normal(table.this)
            authorization.require_use(self, "WAREHOUSE", name)
            self._conn.warehouse = name
        elif kind_name == "DATABASE" or (not kind_name and not table.db and table.name):
            name = names.normal(table.this)
            authorization.require_use(self, "DATABASE", name)
            self._conn.use(name, "PUBLIC")
        else:
            database = names.normal(table.args["db"]) if table.db else self._conn.database
            schema = names.normal(table.this)
            if database is not None:
                authorization.require_use(self, "SCHEMA", f"{database}.{schema}")
            self._conn.use(database, schema)
        self.succeed()
