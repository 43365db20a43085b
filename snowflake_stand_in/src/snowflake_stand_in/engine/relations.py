"""Tables and views as DuckDB knows them."""

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.names import TableName


def columns(cursor: Cursor, name: TableName) -> dict[str, str]:
    """Return a table's columns and their DuckDB types, in order."""
    place = names.physical(name) if name in cursor.session.temporary else names.table(name)
    described = cursor.rows(f"describe {place.sql(dialect='duckdb', identify=True)}")
    return {column: kind for column, kind, *_ in described}


def exists(cursor: Cursor, name: TableName) -> bool:
    """Whether there is a table or view of this name that lasts."""
    return bool(
        cursor.rows(
            "select 1 from information_schema.tables "
            "where table_catalog = ? and table_schema = ? and table_name = ?",
            name,
        )
    )
