"""CREATE, DROP, ALTER, COMMENT and TRUNCATE: each commits what is open, and itself."""

import time
from contextlib import AbstractContextManager, nullcontext, suppress

import duckdb
from sqlglot import exp

from snowflake_stand_in.automation import stream_writes
from snowflake_stand_in.catalog import describe, swap
from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.pipeline import Handler, of, of_kind
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import definitions
from snowflake_stand_in.sql import names, refusals
from snowflake_stand_in.stages import file_formats, stages
from snowflake_stand_in.translation import column_types

# DDL of several sessions at once conflicts in DuckDB's catalog where Snowflake's doesn't
_CATALOG_RETRY_SECONDS = 10.0


def run(cursor: Cursor, statement: exp.Expr) -> None:
    """Run one DDL statement, by the first row of DEFINITIONS that applies."""
    session = cursor.session
    with definitions.defining(cursor, statement):
        session.commit()
        stream_writes.check_definition(cursor, statement)
        definition = next(row for row in DEFINITIONS if row.applies(cursor, statement))
        with _keeping_descriptions(cursor, statement):
            definition.run(cursor, statement)
        if _ends_schema(statement):
            place = statement.find(exp.Table)
            assert place is not None
            database = names.normal(place.args["catalog"]) if place.catalog else session.database
            session.account.drop_contents(f"{database}.{names.normal(place.args['db'])}")
        stream_writes.note_definition(cursor, statement)


def _keeping_descriptions(cursor: Cursor, statement: exp.Expr) -> AbstractContextManager[None]:
    """Forget what is known of queries' columns if the statement changes any table's or view's."""
    session = cursor.session
    kind = str(statement.args.get("kind") or "").upper()
    if isinstance(statement, exp.Comment | exp.TruncateTable) or kind in ("STAGE", "FILE FORMAT"):
        return nullcontext()
    if _is_temporary(cursor, statement):
        return nullcontext()
    if not isinstance(statement, exp.Create | exp.Drop) or kind not in ("TABLE", "VIEW"):
        return session.account.descriptions.changing()
    name = names.target(statement, session.database, session.schema)
    place = names.table(name).sql(dialect="duckdb", identify=True)

    def columns() -> object:
        with suppress(duckdb.Error):
            return cursor.rows(f"describe {place}"), column_types.of_table(cursor, name)
        return None

    return session.account.descriptions.replacing(name, columns)


def _ends_schema(statement: exp.Expr) -> bool:
    kind = str(statement.args.get("kind") or "").upper()
    return kind == "SCHEMA" and bool(
        isinstance(statement, exp.Drop) or statement.args.get("replace")
    )


def _run_database(cursor: Cursor, statement: exp.Expr) -> None:
    session = cursor.session
    name = names.normal(statement.find(exp.Identifier))
    exists = bool(statement.args.get("exists"))
    if isinstance(statement, exp.Drop):
        session.account.drop_database(name, exists_ok=exists)
        describe.record(cursor, statement, None, [])
        cursor.succeed(f"{name} successfully dropped.")
        return
    if isinstance(statement, exp.Create) and not statement.args.get("replace"):
        created = session.account.create_database(name, exists_ok=exists)
        if created:
            session.use(name, "PUBLIC")
            describe.record(cursor, statement, describe.take_comments(statement)[0], [])
            cursor.succeed(f"Database {name} successfully created.")
        else:
            cursor.succeed(f"{name} already exists, statement succeeded.")
        return
    raise refusals.refused("database")


def _is_stage(cursor: Cursor, statement: exp.Expr) -> bool:
    return of_kind("STAGE")(cursor, statement) and not isinstance(statement, exp.Comment)


def _drops_format(cursor: Cursor, statement: exp.Expr) -> bool:
    return of_kind("FILE FORMAT")(cursor, statement) and isinstance(statement, exp.Drop)


def _is_temporary(cursor: Cursor, statement: exp.Expr) -> bool:
    session = cursor.session
    if isinstance(statement, exp.Create):
        return statement.find(exp.TemporaryProperty) is not None
    return (
        isinstance(statement, exp.Drop)
        and str(statement.args.get("kind")).upper() in ("TABLE", "VIEW")
        and names.target(statement, session.database, session.schema) in session.temporary
    )


def _run_temporary(cursor: Cursor, statement: exp.Expr) -> None:
    """Run CREATE TEMPORARY TABLE or VIEW, and DROP of one: its place is DuckDB's own for them."""
    session = cursor.session
    target = names.target(statement, session.database, session.schema)
    kind = str(statement.args["kind"]).upper()
    if isinstance(statement, exp.Drop):
        cursor.rows(f'drop {kind} if exists temp.main."{target}"')
        column_types.record(cursor, statement, target, {})
        del session.temporary[target]
        cursor.succeed(f"{target.name} successfully dropped.")
        return
    if statement.args.get("exists") and target in session.temporary:
        cursor.succeed(f"{target.name} already exists, statement succeeded.")
        return
    types = column_types.implied(cursor, statement)
    transformed = cursor.translated(statement)
    known = session.temporary.get(target)
    if known is not None and known != kind:
        cursor.rows(f'drop {known} temp.main."{target}"')
    table = transformed.find(exp.Table)
    assert table is not None
    table.replace(names.physical(target))
    cursor.rows(transformed.sql(dialect="duckdb"))
    session.temporary[target] = kind
    column_types.record(cursor, statement, target, types)
    cursor.succeed(f"{kind.capitalize()} {target.name} successfully created.")


def _has_nothing_to_do(cursor: Cursor, statement: exp.Expr) -> bool:
    """Whether CREATE TABLE or VIEW IF NOT EXISTS finds its table there."""
    if not isinstance(statement, exp.Create) or not statement.args.get("exists"):
        return False
    if str(statement.args["kind"]).upper() not in ("TABLE", "VIEW"):
        return False
    session = cursor.session
    return relations.exists(cursor, names.target(statement, session.database, session.schema))


def _run_nothing(cursor: Cursor, statement: exp.Expr) -> None:
    session = cursor.session
    name = names.target(statement, session.database, session.schema).name
    cursor.succeed(f"{name} already exists, statement succeeded.")


def _run_by_duckdb(cursor: Cursor, statement: exp.Expr) -> None:
    comments = describe.take_comments(statement)
    types = column_types.implied(cursor, statement)
    deadline = time.monotonic() + _CATALOG_RETRY_SECONDS
    while True:
        try:
            cursor.run_translated(statement.copy())
            break
        except Exception as fault:
            cause = fault.__cause__ if fault.__cause__ is not None else fault
            conflict = isinstance(cause, duckdb.TransactionException)
            if not conflict or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    describe.record(cursor, statement, *comments, types)


DEFINITIONS: tuple[Handler, ...] = (
    Handler(of_kind("DATABASE"), _run_database),
    Handler(_is_stage, stages.run_definition),
    Handler(_drops_format, file_formats.run_drop_format),
    Handler(of(exp.Comment), describe.run_comment),
    Handler(swap.applies, swap.run),
    Handler(describe.sets_properties, describe.run_set),
    Handler(_is_temporary, _run_temporary),
    Handler(_has_nothing_to_do, _run_nothing),
    Handler(of(exp.Expr), _run_by_duckdb),
)
