"""ALTER TABLE … SWAP WITH and RENAME TO: what is kept beside a table goes along with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from snowflake_stand_in.catalog import describe
from snowflake_stand_in.engine.locks import TableName
from snowflake_stand_in.sql import lengths, names
from snowflake_stand_in.sql.errors import compilation, unsupported

if TYPE_CHECKING:
    from snowflake_stand_in.statement import Cursor


def handle(cursor: Cursor, statement: exp.Expr) -> bool:
    """Run SWAP WITH; return whether the statement was one."""
    actions = statement.args.get("actions") or []
    if not isinstance(statement, exp.Alter) or not isinstance(actions[0], exp.SwapTable):
        return False
    session = cursor._conn
    mine = names.full(statement.this, session.database, session.schema)
    theirs = names.full(actions[0].this, session.database, session.schema)
    if mine[:2] != theirs[:2] or {mine, theirs} & session.temporary.keys():
        raise unsupported("SWAP WITH a table of another schema, or a temporary one")
    for name in (mine, theirs):
        if not describe.exists(cursor, name):
            raise compilation(2003, f"Table '{name}' does not exist or not authorized.", "42S02")
    between = TableName(mine.database, mine.schema, f"_FS_SWAP_{mine.name}")
    steps = ((mine, between), (theirs, mine), (between, theirs))
    with session.writing([mine, theirs], exclusive=True):
        for old, new in steps:
            place = names.table(old).sql(dialect="duckdb", identify=True)
            cursor.rows(f'alter table {place} rename to "{new.name}"')
            _move_history(cursor, old, new)
    session.commit()
    # DuckDB writes to one database in a transaction
    for old, new in steps:
        _move_notes(cursor, old, new)
    cursor.succeed()
    return True


def renamed(cursor: Cursor, statement: exp.Expr) -> None:
    """Follow a table or view that ALTER has given another name."""
    session = cursor._conn
    for action in statement.args.get("actions") or []:
        if isinstance(action, exp.AlterRename):
            old = names.full(statement.this, session.database, session.schema)
            new = names.full(action.this, *old[:2])
            _move_history(cursor, old, new)
            _move_notes(cursor, old, new)


def _move_history(cursor: Cursor, old: TableName, new: TableName) -> None:
    cursor.rows(
        f'update "{old.database}"._fs_information_schema._fs_load_history '
        "set schema_name = ?, table_name = ? where schema_name = ? and table_name = ?",
        [*new[1:], *old[1:]],
    )


def _move_notes(cursor: Cursor, old: TableName, new: TableName) -> None:
    lengths.move(cursor, old, new)
    describe.move(cursor, old, new)
