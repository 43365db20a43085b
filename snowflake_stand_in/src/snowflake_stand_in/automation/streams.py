"""Streams: what was inserted into and deleted from a table since a transaction last consumed it.

A stream's offset is the number of rows that its table then had. New rows go to a table's end and
DuckDB keeps the order, so what comes after so many rows was inserted since: an INSERT pays nothing.
A DELETE counts again, and keeps those of its rows that a stream has yet to show.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]
import sqlglot
from sqlglot import exp

from snowflake_stand_in.catalog.listing import Listing
from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.account import Account, Service
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.engine.way import Kind, begins
from snowflake_stand_in.rights import authorization, securables
from snowflake_stand_in.rights.access import ADMIN, Access, missing, require
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, error, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.sql.token_stream import TokenStream

HAS_DATA = "SYSTEM$STREAM_HAS_DATA"

_STREAMS = "_fs_global.main.streams"
# A transaction's own new rows have these numbers until it commits
_UNCOMMITTED = 36_028_797_018_960_000
_STALE_AFTER = timedelta(days=14)


class Stream(msgspec.Struct, frozen=True):
    """A stream's definition; its offset is in the table's database, as consumers commit there."""

    database: str
    schema: str
    name: str
    id: str
    created_on: datetime
    table: str
    append_only: bool = False
    comment: str = ""
    # Why it can be read no more
    invalid: str | None = None

    @property
    def place(self) -> TableName:
        """Its full name, which also locks it."""
        return TableName(self.database, self.schema, self.name)

    @property
    def source(self) -> TableName:
        """The table's full name."""
        return TableName(*self.table.split("."))

    @property
    def offsets(self) -> str:
        """The table of offsets that has its own."""
        return _offsets(self.source.database)

    @property
    def kept(self) -> str:
        """The table of deleted rows that it has yet to show."""
        return f'"{self.source.database}"._fs_information_schema."_fs_stream_{self.id}"'


class Streams(Service):
    """The account's streams. Changes are in the file when a method returns."""

    def __init__(self, account: Account) -> None:
        self._connection = account.duck_conn.cursor()
        self._connection.execute(
            f"create table if not exists {_STREAMS} (name varchar primary key, definition varchar)"
        )
        self._lock = threading.RLock()
        rows = self._connection.execute(f"select definition from {_STREAMS}").fetchall()
        found = [msgspec.json.decode(text, type=Stream) for (text,) in rows]
        self._streams = {stream.place: stream for stream in found}

    def attached(self, database: str) -> None:
        """Make the table of a database's streams' offsets."""
        self._connection.execute(
            f"create table if not exists {_offsets(database)} (id varchar, rows_seen bigint)"
        )

    def source_of(self, name: TableName) -> tuple[str, TableName] | None:
        """Return the table of a stream of this name."""
        stream = self._streams.get(name)
        return ("STREAM", stream.source) if stream else None

    def get(self, place: TableName) -> Stream | None:
        """Return the stream of this name."""
        return self._streams.get(place)

    def all(self) -> list[Stream]:
        """Return all streams, by name."""
        with self._lock:
            return [stream for _, stream in sorted(self._streams.items())]

    def on(self, table: TableName) -> list[Stream]:
        """Return the streams that follow a table."""
        return [s for s in self.all() if s.source == table and s.invalid is None]

    def put(self, stream: Stream) -> None:
        """Create or change a stream."""
        with self._lock:
            self._connection.execute(
                f"insert or replace into {_STREAMS} values (?, ?)",
                [str(stream.place), msgspec.json.encode(stream).decode()],
            )
            self._streams[stream.place] = stream

    def drop(self, stream: Stream) -> None:
        """Forget a stream."""
        with self._lock:
            self._connection.execute(f"delete from {_STREAMS} where name = ?", [str(stream.place)])
            del self._streams[stream.place]

    def table_gone(self, table: TableName) -> None:
        """Note that a table was dropped or replaced: its streams can be read no more."""
        for stream in self.on(table):
            reason = f"Base table '{stream.table}' dropped, cannot read from stream"
            self.put(msgspec.structs.replace(stream, invalid=reason))

    def drop_inside(self, container: str) -> None:
        """Drop the streams of a database or schema that is gone."""
        for stream in self.all():
            if str(stream.place).startswith(f"{container}."):
                self.drop(stream)
            elif stream.table.startswith(f"{container}."):
                self.table_gone(stream.source)


def _offsets(database: str) -> str:
    return f'"{database}"._fs_information_schema._fs_stream_offsets'


# Statements about streams


def _run(cursor: Cursor, text: str) -> None:
    tokens = TokenStream(text)
    verb = tokens.skip().upper()
    if verb in ("CREATE", "ALTER", "DROP"):
        cursor.session.commit()
    match verb:
        case "CREATE":
            _create(cursor, tokens)
        case "ALTER":
            _alter(cursor, tokens)
        case "DROP":
            _drop(cursor, tokens)
        case "SHOW":
            if tokens.word == "TERSE":
                raise unsupported("SHOW TERSE STREAMS")
            listing = Listing(cursor, tokens, "STREAMS")
            found = [
                s
                for s in cursor.session.account.service(Streams).all()
                if listing.wants(str(s.place))
            ]
            _answer(cursor, found[: listing.limit])
        case _:
            tokens.expect("STREAM")
            stream = _named(cursor, tokens, None)
            tokens.end()
            _answer(cursor, [stream])


STREAM = Kind(
    "STREAM STATEMENT",
    begins("(?:create(?: or replace)?|alter|drop|desc|describe) stream|show (?:terse )?streams"),
    _run,
)


def _create(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    store, access = session.account.service(Streams), session.account.service(Access)
    replace = tokens.accept("OR", "REPLACE")
    tokens.expect("STREAM")
    if_not_exists = tokens.accept("IF", "NOT", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    container = f"{place.database}.{place.schema}"
    require(session, "CREATE STREAM", "SCHEMA", container)
    if not securables.exists(cursor, "SCHEMA", container):
        raise missing("SCHEMA", container)
    copy_grants = tokens.accept("COPY", "GRANTS")
    tokens.expect("ON")
    if tokens.word != "TABLE":
        raise unsupported(f"a stream on a {tokens.word.lower()}")
    tokens.skip()
    source = names.full(tokens.table(), session.database, session.schema)
    stream = Stream(*place, uuid.uuid4().hex, datetime.now(UTC), str(source))
    initial_rows = False
    while not tokens.at_end and tokens.word != ";":
        if tokens.accept("COPY", "GRANTS"):
            copy_grants = True
        elif tokens.accept("SHOW_INITIAL_ROWS", "="):
            initial_rows = _boolean(tokens)
        else:
            stream = _property(tokens, stream)
    tokens.end()
    known = store.get(place)
    if known is not None and if_not_exists:
        cursor.succeed(f"{place.name} already exists, statement succeeded.")
        return
    if (known is not None and not replace) or relations.exists(cursor, place):
        raise compilation(2002, f"Object '{place}' already exists.", "42710")
    if known is not None:
        require(session, "OWNERSHIP", "STREAM", str(place))
    _require_source(cursor, stream)
    with session.writing([source, place], exclusive=True):
        cursor.rows(
            f"create table {stream.kept} as "
            f'select *, null::varchar as "METADATA$ROW_ID" from {_table(stream)} limit 0'
        )
        cursor.rows(
            f"insert into {stream.offsets} select ?, if(?, 0, count(*)) from {_table(stream)}",
            [stream.id, initial_rows],
        )
    session.commit()
    access.created("STREAM", str(place), session.role or ADMIN, copy_grants=copy_grants)
    store.put(stream)
    if known is not None:
        _forget(cursor, known)
    cursor.succeed(f"Stream {place.name} successfully created.")


def _property(tokens: TokenStream, stream: Stream) -> Stream:
    if tokens.word in ("AT", "BEFORE"):
        raise unsupported(f"a stream {tokens.word}: the stand-in keeps no history")
    key = tokens.name()
    tokens.expect("=")
    match key:
        case "APPEND_ONLY":
            return msgspec.structs.replace(stream, append_only=_boolean(tokens))
        case "COMMENT":
            return msgspec.structs.replace(stream, comment=tokens.string())
        case _:
            raise unsupported(f"stream property {key}")


def _boolean(tokens: TokenStream) -> bool:
    if tokens.word not in ("TRUE", "FALSE"):
        raise tokens.unexpected()
    return tokens.skip().upper() == "TRUE"


def _require_source(cursor: Cursor, stream: Stream) -> None:
    """Raise unless the stream's table is one, and the role may have it followed."""
    session, source = cursor.session, stream.source
    # Only the owner may start the tracking of changes, which the first stream does
    first = not session.account.service(Streams).on(source)
    require(session, "OWNERSHIP" if first else "SELECT", "TABLE", stream.table)
    if source in session.temporary or source.database != stream.database:
        raise unsupported("a stream on a temporary table, or on one of another database")
    if not securables.exists(cursor, "TABLE", stream.table):
        if securables.exists(cursor, "VIEW", stream.table):
            raise compilation(2203, f"Object '{stream.table}' is not a table.", "42601")
        raise missing("TABLE", stream.table)


def _alter(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    tokens.expect("STREAM")
    exists = tokens.accept("IF", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    if exists and session.account.service(Streams).get(place) is None:
        cursor.succeed()
        return
    stream = _checked(cursor, place, "OWNERSHIP")
    if tokens.accept("UNSET", "COMMENT"):
        comment = ""
    elif tokens.accept("SET", "COMMENT", "="):
        comment = tokens.string()
    else:
        raise unsupported(f"ALTER STREAM … {tokens.word}")
    tokens.end()
    session.account.service(Streams).put(msgspec.structs.replace(stream, comment=comment))
    cursor.succeed()


def _drop(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    tokens.expect("STREAM")
    exists = tokens.accept("IF", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    tokens.end()
    if exists and session.account.service(Streams).get(place) is None:
        cursor.succeed(f"Drop statement executed successfully ({place.name} already dropped).")
        return
    stream = _checked(cursor, place, "OWNERSHIP")
    session.account.service(Streams).drop(stream)
    session.account.service(Access).dropped("STREAM", str(place))
    _forget(cursor, stream)
    cursor.succeed(f"{place.name} successfully dropped.")


def _forget(cursor: Cursor, stream: Stream) -> None:
    """Delete a stream's offset and the rows that it kept."""
    with cursor.session.writing([stream.place], exclusive=True):
        cursor.rows(f"delete from {stream.offsets} where id = ?", [stream.id])
        cursor.rows(f"drop table {stream.kept}")
    cursor.session.commit()


def _named(cursor: Cursor, tokens: TokenStream, privilege: str | None) -> Stream:
    session = cursor.session
    place = names.full(tokens.table(), session.database, session.schema)
    return _checked(cursor, place, privilege)


def _checked(cursor: Cursor, place: TableName, privilege: str | None) -> Stream:
    require(cursor.session, privilege, "STREAM", str(place))
    stream = cursor.session.account.service(Streams).get(place)
    if stream is None:
        raise missing("STREAM", str(place))
    return stream


def _answer(cursor: Cursor, streams: list[Stream]) -> None:
    access = cursor.session.account.service(Access)
    moment = pa.timestamp("us", "UTC")
    columns = {
        "created_on": pa.array([s.created_on for s in streams], moment),
        "name": [s.name for s in streams],
        "database_name": [s.database for s in streams],
        "schema_name": [s.schema for s in streams],
        "owner": [access.owner("STREAM", str(s.place)) for s in streams],
        "comment": [s.comment for s in streams],
        "table_name": [s.table for s in streams],
        "source_type": ["Table" for _ in streams],
        "base_tables": [s.table for s in streams],
        "type": ["DELTA" for _ in streams],
        "stale": [str(s.invalid is not None).lower() for s in streams],
        "mode": ["APPEND_ONLY" if s.append_only else "DEFAULT" for s in streams],
        "stale_after": pa.array([datetime.now(UTC) + _STALE_AFTER for _ in streams], moment),
        "invalid_reason": [s.invalid or "N/A" for s in streams],
        "owner_role_type": ["ROLE" for _ in streams],
    }
    arrays = {
        name: values if isinstance(values, pa.Array) else pa.array(values, pa.string())
        for name, values in columns.items()
    }
    cursor.answer_table(pa.table(arrays))


# Reading


def read_by(cursor: Cursor, statement: exp.Expr) -> list[Stream]:
    """Return the streams that a statement reads."""
    session = cursor.session
    streams = session.account.service(Streams)
    if not streams.all():
        return []
    found = {}
    for table in authorization.tables_read(statement):
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
        stream = _named(cursor, TokenStream(function.expressions[0].name), "SELECT")
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
    if stream.source in cursor.session.shrunk:
        raise unsupported(
            f"reading stream '{stream.place}' in a transaction that has deleted from its table"
        )
    first = _first_unseen(cursor, stream)
    inserted = (
        f'select *, \'INSERT\' as "METADATA$ACTION", false as "METADATA$ISUPDATE", '
        f"md5('{stream.id}' || rowid) as \"METADATA$ROW_ID\" from {_table(stream)} "
        f"where rowid >= {first} and rowid < {_UNCOMMITTED}"
    )
    return inserted, bool(cursor.rows(f"select 1 from {stream.kept} limit 1"))


def _first_unseen(cursor: Cursor, stream: Stream) -> int:
    """Return the DuckDB number from which on a table's rows are new to a stream."""
    ((seen,),) = cursor.rows(f"select rows_seen from {stream.offsets} where id = ?", [stream.id])
    ((first,),) = cursor.rows(
        f"select coalesce(min(row), {_UNCOMMITTED}) "
        f"from (select rowid as row from {_table(stream)} offset {seen})"
    )
    return int(first)


# Writing


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
        f"(select count(*) from {_table(stream)} where rowid < {_UNCOMMITTED}) where id = ?",
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
    first = {stream.id: _first_unseen(cursor, stream) for stream in streams}
    for stream in streams:
        _keep(cursor, statement, stream, first[stream.id])
    yield
    for stream in streams:
        cursor.rows(
            f"update {stream.offsets} set rows_seen = "
            f"(select count(*) from {_table(stream)} where rowid < {first[stream.id]}) "
            "where id = ?",
            [stream.id],
        )
        session.shrunk.add(stream.source)


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
    new = f"rowid >= {first} and rowid < {_UNCOMMITTED}"
    wanted = new if stream.append_only else f"rowid < {first}"
    cursor.rows(
        f'insert into {stream.kept} by name select *, uuid() as "METADATA$ROW_ID" '
        f"from {_table(stream)} where {wanted} and rowid in ({deleted.sql(dialect='duckdb')})",
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


def _table(stream: Stream) -> str:
    return names.table(stream.source).sql(dialect="duckdb", identify=True)
