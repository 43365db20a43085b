"""Reading streams: a query sees the changes that a stream has to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import sqlglot
from sqlglot import exp

from snowflake_stand_in.automation.stream_store import UNCOMMITTED, Stream, Streams, table_of
from snowflake_stand_in.automation.streams import named
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights.reads import tables_read
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import error, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.sql.token_stream import TokenStream

HAS_DATA = "SYSTEM$STREAM_HAS_DATA"


def read_by(cursor: Cursor, statement: exp.Expr) -> list[Stream]:
    """Return the streams that a statement reads."""
    session = cursor.session
    streams = session.account.service(Streams)
    if not streams.all():
        return []
    found = {}
    for table in tables_read(statement):
        if isinstance(table.this, exp.Identifier):
            place = names.full(table, session.database, session.schema)
            if stream := streams.get(place):
                found[stream.id] = stream
    return list(found.values())


def on(cursor: Cursor, table: TableName) -> list[Stream]:
    """Return the streams that follow a table."""
    return cursor.session.account.service(Streams).on(table)


def check_readers(cursor: Cursor, statement: exp.Expr) -> None:
    """Raise for a statement that can't read a stream here."""
    if isinstance(statement, exp.Copy | exp.Create) and read_by(cursor, statement):
        raise unsupported("streams in COPY, CREATE TABLE AS and views: use INSERT")


@contextmanager
def reading(cursor: Cursor, statement: exp.Expr) -> Iterator[None]:
    """Run a query whose streams all show one state."""
    with ExitStack() as stack:
        for stream in read_by(cursor, statement):
            stack.enter_context(cursor.session.repeatable(stream.source))
        yield


def call_functions(cursor: Cursor, statement: exp.Expr) -> None:
    """Replace a statement's calls of SYSTEM$STREAM_HAS_DATA by what they say, in place."""
    for function in list(statement.find_all(exp.Anonymous)):
        if function.name.upper() != HAS_DATA:
            continue
        if len(function.expressions) != 1 or not isinstance(function.expressions[0], exp.Literal):
            raise unsupported(f"{HAS_DATA} of anything but one literal")
        stream = named(cursor, TokenStream(function.expressions[0].name), "SELECT")
        with cursor.session.repeatable(stream.source):
            inserted, kept = _pending(cursor, stream)
            some = kept or bool(cursor.rows(f"{inserted} limit 1"))
        function.replace(exp.Boolean(this=some))


def show_changes(cursor: Cursor, query: exp.Expr) -> None:
    """Replace the streams of a DuckDB query by the changes that they have to show, in place."""
    streams = cursor.session.account.service(Streams)
    for table in list(query.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or not table.catalog:
            continue
        stream = streams.get(TableName(table.catalog, table.db, table.name))
        if stream is None:
            continue
        changes = sqlglot.parse_one(_changes(cursor, stream), read="duckdb")
        alias = table.args.get("alias") or exp.TableAlias(
            this=exp.to_identifier(stream.name, quoted=True)
        )
        new = exp.Subquery(this=changes, alias=alias)
        for part in ("joins", "laterals", "pivots", "sample"):
            new.set(part, table.args.get(part))
        table.replace(new)


def _changes(cursor: Cursor, stream: Stream) -> str:
    """Return the query of what a stream shows."""
    inserted, kept = _pending(cursor, stream)
    if not kept:
        return inserted
    action = "INSERT" if stream.append_only else "DELETE"
    return (
        f"{inserted} union all by name select *, '{action}' as "
        f'"METADATA$ACTION", false as "METADATA$ISUPDATE" from {stream.kept}'
    )


def _pending(cursor: Cursor, stream: Stream) -> tuple[str, bool]:
    """Return the query of the rows since the offset, and whether deleted ones were kept."""
    if stream.invalid is not None:
        raise error(91904, f"{stream.invalid} '{stream.name}'", "55000")
    if stream.source in cursor.session.deleted_from:
        raise unsupported(
            f"reading stream '{stream.place}' in a transaction that has deleted from its table"
        )
    first = first_unseen(cursor, stream)
    inserted = (
        f'select *, \'INSERT\' as "METADATA$ACTION", false as "METADATA$ISUPDATE", '
        f"md5('{stream.id}' || rowid) as \"METADATA$ROW_ID\" from {table_of(stream)} "
        f"where rowid >= {first} and rowid < {UNCOMMITTED}"
    )
    return inserted, bool(cursor.rows(f"select 1 from {stream.kept} limit 1"))


def first_unseen(cursor: Cursor, stream: Stream) -> int:
    """Return the DuckDB number from which on a table's rows are new to a stream."""
    ((seen,),) = cursor.rows(f"select rows_seen from {stream.offsets} where id = ?", [stream.id])
    ((first,),) = cursor.rows(
        f"select coalesce(min(row), {UNCOMMITTED}) "
        f"from (select rowid as row from {table_of(stream)} offset {seen})"
    )
    return int(first)
