"""ALTER TABLE … SWAP WITH."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.catalog import notes
from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.names import TableName


def applies(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is one of SWAP WITH."""
    actions = statement.args.get("actions") or []
    return isinstance(statement, exp.Alter) and isinstance(actions[0], exp.SwapTable)


def run(cursor: Cursor, statement: exp.Alter) -> None:
    """Run SWAP WITH."""
    actions = statement.args["actions"]
    session = cursor.session
    mine = names.full(statement.this, session.database, session.schema)
    theirs = names.full(actions[0].this, session.database, session.schema)
    if mine[:2] != theirs[:2] or {mine, theirs} & session.temporary.keys():
        raise unsupported("SWAP WITH a table of another schema, or a temporary one")
    for name in (mine, theirs):
        if not relations.exists(cursor, name):
            raise compilation(2003, f"Table '{name}' does not exist or not authorized.", "42S02")
    between = TableName(mine.database, mine.schema, f"_FS_SWAP_{mine.name}")
    steps = ((mine, between), (theirs, mine), (between, theirs))
    with session.writing([mine, theirs], exclusive=True):
        for old, new in steps:
            place = names.table(old).sql(dialect="duckdb", identify=True)
            cursor.rows(f'alter table {place} rename to "{new.name}"')
            notes.move_history(cursor, old, new)
    session.commit()
    # DuckDB writes to one database in a transaction
    for old, new in steps:
        notes.move_descriptions(cursor, old, new)
    cursor.succeed()
