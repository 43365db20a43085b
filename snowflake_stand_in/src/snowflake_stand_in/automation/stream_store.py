"""Streams: what was inserted into and deleted from a table since a transaction last consumed it.

A stream's offset is the number of rows that its table then had. New rows go to a table's end and
DuckDB keeps the order, so what comes after so many rows was inserted since: an INSERT pays nothing.
A DELETE counts again, and keeps those of its rows that a stream has yet to show.
"""

from __future__ import annotations

import threading
from datetime import datetime

import msgspec

from snowflake_stand_in.engine.account import Account, Service
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.names import TableName

_STREAMS = "_fs_global.main.streams"
# A transaction's own new rows have these numbers until it commits
UNCOMMITTED = 36_028_797_018_960_000


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


def table_of(stream: Stream) -> str:
    """Return the stream's table in DuckDB's SQL."""
    return names.table(stream.source).sql(dialect="duckdb", identify=True)
