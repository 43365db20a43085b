"""INSERT, UPDATE, DELETE and MERGE: with the table's lock, in the session's transaction."""

from sqlglot import exp

from snowflake_stand_in.automation import stream_reads, stream_writes
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.execution import array_insert, merge
from snowflake_stand_in.sql import names


def run(cursor: Cursor, statement: exp.Expr) -> None:
    """Run one DML statement."""
    session = cursor.session
    target = names.target(statement, session.database, session.schema)
    exclusive = not isinstance(statement, exp.Insert) or bool(statement.args.get("overwrite"))
    consumed = stream_reads.read_by(cursor, statement)
    shortened = stream_reads.on(cursor, target) if exclusive else []
    moved = [stream.place for stream in consumed + shortened]
    with (
        session.writing([target], exclusive=exclusive, streams_moved=moved),
        stream_writes.consuming(cursor, target, consumed),
        stream_writes.deleting(cursor, statement, shortened),
    ):
        if cursor.arrays is not None and isinstance(statement, exp.Insert):
            array_insert.insert(cursor, statement, cursor.arrays)
        elif isinstance(statement, exp.Merge):
            merge.merge(cursor, statement)
        else:
            cursor.run_translated(statement)
