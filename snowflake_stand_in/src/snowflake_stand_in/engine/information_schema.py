"""INFORMATION_SCHEMA: TABLES with views, which fakesnow leaves out; COLUMNS with their types."""

from fakesnow.info_schema import (
    SQL_CREATE_GLOBAL_INFORMATION_SCHEMA_COLUMNS_VIEW,
    SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW,
)

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


def columns_sql() -> str:
    """Return the statement that replaces the account's list of columns, which SHOW reads too."""
    created = SQL_CREATE_GLOBAL_INFORMATION_SCHEMA_COLUMNS_VIEW
    for theirs, ours in _COLUMNS.items():
        created = created.replace(theirs, ours)
    return created


_COLUMNS = {
    "create view if not exists": "create or replace view",
    "_fs_global._fs_information_schema._fs_columns_ext ext": """(
        select database_name as ext_table_catalog, schema_name as ext_table_schema,
            table_name as ext_table_name, column_name as ext_column_name,
            nullif("precision", 0) as ext_precision,
            nullif(length, 0) as ext_character_maximum_length,
            nullif(least(length * 4, 16777216), 0) as ext_character_octet_length
        from _fs_global.main.column_types
    ) as ext""",
    "case when columns.data_type='BIGINT' then 38": """
        case when ext_precision is not null then ext_precision
            when columns.data_type='BIGINT' then 38""",
}
