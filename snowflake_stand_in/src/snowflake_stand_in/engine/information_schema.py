"""INFORMATION_SCHEMA.TABLES with the views, which fakesnow's leaves out."""

from fakesnow.info_schema import SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW

_VIEWS = """(
    select database_name, schema_name, view_name as table_name, null::bigint as estimated_size
    from duckdb_views
    where not internal
) as tables"""


def creation_sql(database: str) -> str:
    """Return the statement that replaces a database's list of tables."""
    created = SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW.substitute(catalog=f'"{database}"')
    _, _, tables = created.replace(f"'\"{database}\"'", f"'{database}'").partition(" AS\n")
    views = tables.replace("'BASE TABLE'", "'VIEW'").replace("duckdb_tables tables", _VIEWS)
    place = f'"{database}"._fs_information_schema._fs_tables'
    return f"create or replace view {place} as {tables} union all {views}"
