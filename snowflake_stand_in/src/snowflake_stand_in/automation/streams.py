"""Statements about streams: CREATE, ALTER, DROP, SHOW and DESCRIBE STREAM."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]

from snowflake_stand_in.automation.stream_store import Stream, Streams, table_of
from snowflake_stand_in.catalog.listing import Listing
from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import missing, require
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.sql.token_stream import TokenStream

_STALE_AFTER = timedelta(days=14)


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
            stream = named(cursor, tokens, None)
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
            f'select *, null::varchar as "METADATA$ROW_ID" from {table_of(stream)} limit 0'
        )
        cursor.rows(
            f"insert into {stream.offsets} select ?, if(?, 0, count(*)) from {table_of(stream)}",
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


def named(cursor: Cursor, tokens: TokenStream, privilege: str | None) -> Stream:
    """Return the stream whose name comes next, if the roles hold a privilege on it."""
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
