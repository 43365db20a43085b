"""Writing with streams: DML consumes them, DELETE and DDL change their tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlglot import exp

from snowflake_stand_in.automation.stream_reads import first_unseen
from snowflake_stand_in.automation.stream_store import UNCOMMITTED, Stream, Streams, table_of
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.names import TableName


@contextmanager
def consuming(cursor: Cursor, target: TableName, streams: list[Stream]) -> Iterator[None]:
    """Run a DML statement that reads `streams`: the commit of it advances them."""
    session = cursor.session
    for stream in streams:
        if target not in session.temporary and target.database != stream.source.database:
            raise unsupported("consuming a stream into a table of another database")
    yield
    session.before_commit |= {s.id: partial(_advance, cursor, s) for s in streams}


def _advance(cursor: Cursor, stream: Stream) -> None:
    """Move a stream's offset to the state that its transaction reads; a part of its commit."""
    cursor.rows(
        f"update {stream.offsets} set rows_seen = "
        f"(select count(*) from {table_of(stream)} where rowid < {UNCOMMITTED}) where id = ?",
        [stream.id],
    )
    cursor.rows(f"delete from {stream.kept}")


@contextmanager
def deleting(cursor: Cursor, statement: exp.Expr, streams: list[Stream]) -> Iterator[None]:
    """Run a DELETE from a table: keep the rows that `streams` have yet to show, and count again."""
    if not streams:
        yield
        return
    session = cursor.session
    if not isinstance(statement, exp.Delete):
        raise unsupported(
            "UPDATE, MERGE and INSERT OVERWRITE of a table with a stream: use DELETE and INSERT"
        )
    if session.before_commit.keys() & {stream.id for stream in streams}:
        raise unsupported("deleting from a table after consuming its stream in one transaction")
    first = {stream.id: first_unseen(cursor, stream) for stream in streams}
    for stream in streams:
        _keep(cursor, statement, stream, first[stream.id])
    yield
    for stream in streams:
        cursor.rows(
            f"update {stream.offsets} set rows_seen = "
            f"(select count(*) from {table_of(stream)} where rowid < {first[stream.id]}) "
            "where id = ?",
            [stream.id],
        )
        session.deleted_from.add(stream.source)


def _keep(cursor: Cursor, statement: exp.Delete, stream: Stream, first: int) -> None:
    """Keep what a DELETE takes: of a standard stream the rows seen, of another those not yet."""
    target = statement.this.copy()
    query = exp.select(exp.alias_(exp.column("rowid", table=target.alias_or_name), "ID"))
    query = query.from_(target)
    for other in statement.args.get("using") or []:
        query = query.join(other.copy(), join_type="cross")
    if where := statement.args.get("where"):
        query = query.where(where.this.copy())
    deleted = cursor.translated(query)
    new = f"rowid >= {first} and rowid < {UNCOMMITTED}"
    wanted = new if stream.append_only else f"rowid < {first}"
    cursor.rows(
        f'insert into {stream.kept} by name select *, uuid() as "METADATA$ROW_ID" '
        f"from {table_of(stream)} where {wanted} and rowid in ({deleted.sql(dialect='duckdb')})",
        cursor.bound(deleted),
    )


def check_definition(cursor: Cursor, statement: exp.Expr) -> None:
    """Raise for DDL that streams would not survive here as they do in Snowflake."""
    session = cursor.session
    store = session.account.service(Streams)
    kind = str(statement.args.get("kind") or "").upper()
    if isinstance(statement, exp.Comment) and kind == "STREAM":
        raise unsupported("COMMENT ON STREAM: use ALTER STREAM … SET COMMENT")
    if not isinstance(statement, exp.TruncateTable) and kind not in ("TABLE", "VIEW"):
        return
    if statement.find(exp.TemporaryProperty) is not None:
        return
    place = names.target(statement, session.database, session.schema)
    if isinstance(statement, exp.Create) and store.get(place) is not None:
        raise compilation(2002, f"Object '{place}' already exists.", "42710")
    if isinstance(statement, exp.Alter | exp.TruncateTable) and store.on(place):
        raise unsupported("ALTER and TRUNCATE of a table with a stream")


def note_definition(cursor: Cursor, statement: exp.Expr) -> None:
    """Note what DDL has done to the tables of streams."""
    kind = str(statement.args.get("kind") or "").upper()
    replaced = isinstance(statement, exp.Create) and statement.args.get("replace")
    if kind == "TABLE" and (isinstance(statement, exp.Drop) or replaced):
        session = cursor.session
        place = names.target(statement, session.database, session.schema)
        session.account.service(Streams).table_gone(place)
