"""What is kept beside a table goes along with its name: load history, comment, types."""

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.translation import column_types

_COMMENTS = "_fs_global._fs_information_schema._fs_tables_ext"


def follow_rename(cursor: Cursor, statement: exp.Expr) -> None:
    """Follow a table or view that ALTER has given another name."""
    session = cursor.session
    for action in statement.args.get("actions") or []:
        if isinstance(action, exp.AlterRename):
            old = names.full(statement.this, session.database, session.schema)
            new = names.full(action.this, *old[:2])
            move_history(cursor, old, new)
            move_descriptions(cursor, old, new)


def move_history(cursor: Cursor, old: TableName, new: TableName) -> None:
    """Keep the load history of a table, which is in the table's database."""
    cursor.rows(
        f'update "{old.database}"._fs_information_schema._fs_load_history '
        "set schema_name = ?, table_name = ? where schema_name = ? and table_name = ?",
        [*new[1:], *old[1:]],
    )


def move_descriptions(cursor: Cursor, old: TableName, new: TableName) -> None:
    """Keep the comment and the types of columns of a table, which are in the account's file."""
    column_types.move(cursor, old, new)
    cursor.rows(
        f"update {_COMMENTS} set ext_table_catalog = ?, ext_table_schema = ?, ext_table_name = ? "
        "where ext_table_catalog = ? and ext_table_schema = ? and ext_table_name = ?",
        [*new, *old],
    )
