"""Tables and views as DuckDB knows them."""

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.descriptions import Described
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


def described(cursor: Cursor, query: exp.Expr) -> Described:
    """Describe a DuckDB query, or remember: beside an open transaction, which a fault would end."""
    session = cursor.session
    sql = f"describe {query.sql(dialect='duckdb')}"
    if any(table.catalog.lower() == "temp" for table in query.find_all(exp.Table)):
        return cursor.rows(sql)

    def describe() -> Described:
        if not session.in_snapshot:
            return cursor.rows(sql)
        with session.beside() as beside:
            return beside.execute(sql).fetchall()

    question = (session.database, session.schema, sql)
    return session.account.descriptions.of(question, describe)
