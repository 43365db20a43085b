"""SHOW: the objects of databases in Snowflake's columns, by LIKE, IN, STARTS WITH and LIMIT.

DuckDB keeps no time of creation and no size: `created_on` is the epoch, `bytes` is NULL.
"""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import visibility
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported

_INNER = "_fs_global._fs_information_schema"
_HIDDEN = """
not database_name in ('memory', 'system', 'temp', '_fs_global')
and not schema_name in ('main', '_fs_information_schema', 'information_schema', 'pg_catalog')
"""
_EPOCH = "to_timestamp(0)::timestamptz as created_on"
_RETENTION = """
coalesce(
    (select days from _fs_global.main.retention
        where kind = 'SCHEMA' and name = database_name || '.' || schema_name),
    (select days from _fs_global.main.retention where kind = 'DATABASE' and name = database_name),
    '1'
) as retention_time"""
_COMMENT = f"""
left join {_INNER}._fs_tables_ext as ext
    on ext_table_catalog = database_name and ext_table_schema = schema_name
        and ext_table_name = {{name}}
"""

_TABLES = f"""
select {_EPOCH}, table_name as name, database_name, schema_name,
    'TABLE' as kind, coalesce(ext.comment, '') as comment, '' as cluster_by,
    0::bigint as rows, null::bigint as bytes, 'SYSADMIN' as owner, {_RETENTION},
    'OFF' as automatic_clustering, 'OFF' as change_tracking, 'OFF' as search_optimization,
    null::varchar as search_optimization_progress, null::varchar as search_optimization_bytes,
    'N' as is_external, 'N' as enable_schema_evolution, 'ROLE' as owner_role_type,
    'N' as is_event, null::varchar as budget, 'N' as is_hybrid, 'N' as is_iceberg,
    'N' as is_dynamic, 'N' as is_immutable
from duckdb_tables() {_COMMENT.format(name="table_name")}
where {_HIDDEN}
"""
_VIEWS = f"""
select {_EPOCH}, view_name as name, '' as reserved, database_name, schema_name,
    'SYSADMIN' as owner, coalesce(ext.comment, '') as comment, sql as text,
    'false' as is_secure, 'false' as is_materialized, 'ROLE' as owner_role_type,
    'OFF' as change_tracking
from duckdb_views() {_COMMENT.format(name="view_name")}
where not internal and {_HIDDEN}
"""
_OBJECTS = f"""
select created_on, name, database_name, schema_name, kind, comment, cluster_by, rows, bytes,
    owner, retention_time, owner_role_type, is_hybrid, is_dynamic, is_iceberg
from ({_TABLES})
union all
select created_on, name, database_name, schema_name, 'VIEW', comment, '', 0, 0, owner,
    '1', owner_role_type, 'N', 'N', 'N'
from ({_VIEWS})
"""
_SCHEMAS = f"""
select {_EPOCH}, schema_name as name, 'N' as is_default,
    case when database_name = {{database}} and schema_name = {{schema}} then 'Y' else 'N' end
        as is_current,
    database_name, 'SYSADMIN' as owner, coalesce(ext.comment, '') as comment, '' as options,
    {_RETENTION}, 'ROLE' as owner_role_type, null::varchar as budget
from duckdb_schemas() {_COMMENT.format(name="''")}
where {_HIDDEN}
union all
select {_EPOCH}, 'INFORMATION_SCHEMA', 'N', 'N', database_name, '',
    'Views describing the contents of schemas in this database', '', '1', '', null
from duckdb_databases()
where not internal and not database_name in ('memory', '_fs_global')
"""
_DATABASES = f"""
select {_EPOCH}, database_name as name, 'N' as is_default,
    case when database_name = {{database}} then 'Y' else 'N' end as is_current,
    '' as origin, 'SYSADMIN' as owner, coalesce(ext.comment, '') as comment, '' as options,
    coalesce(
        (select days from _fs_global.main.retention
            where kind = 'DATABASE' and name = database_name),
        '1'
    ) as retention_time, 'STANDARD' as kind, null::varchar as budget,
    'ROLE' as owner_role_type, null::varchar as object_visibility
from duckdb_databases()
left join {_INNER}._fs_tables_ext as ext
    on ext_table_catalog = database_name and ext_table_schema = '' and ext_table_name = ''
where not internal and not database_name in ('memory', '_fs_global')
"""
_STAGES = f"""
select created_on, name, database_name, schema_name, url, has_credentials,
    has_encryption_key, owner, comment, region, type, cloud, notification_channel,
    storage_integration, endpoint, owner_role_type, directory_enabled
from {_INNER}._fs_stages
"""
_QUERIES = {
    "TABLES": _TABLES,
    "VIEWS": _VIEWS,
    "OBJECTS": _OBJECTS,
    "SCHEMAS": _SCHEMAS,
    "DATABASES": _DATABASES,
    "STAGES": _STAGES,
    "FILE FORMATS": f"select * from {_INNER}._fs_show_file_formats",
    "COLUMNS": f"select * from {_INNER}._fs_show_columns",
    "SEQUENCES": f"select * from {_INNER}._fs_show_sequences",
}
_TERSE = {
    "TABLES": "created_on, name, kind, database_name, schema_name",
    "OBJECTS": "created_on, name, kind, database_name, schema_name",
    "VIEWS": "created_on, name, 'VIEW' as kind, database_name, schema_name",
    "SCHEMAS": "created_on, name, null::varchar as kind, database_name, null as schema_name",
    "DATABASES": "created_on, name, null::varchar as kind, null as database_name, "
    "null as schema_name",
}


def applies(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement is a SHOW of objects known here."""
    return (
        isinstance(statement, exp.Show)
        and statement.name.upper() in _QUERIES
        and not statement.args.get("iceberg")
    )


def run(cursor: Cursor, statement: exp.Show) -> None:
    """Run SHOW of the objects of databases."""
    kind = statement.name.upper()
    session = cursor.session
    query = _QUERIES[kind].format(
        database=_literal(session.database), schema=_literal(session.schema)
    )
    query = visibility.seen(session, kind, query)
    name = "column_name" if kind == "COLUMNS" else "name"
    conditions = _scope(cursor, statement, kind)
    if (like := statement.args.get("like")) and isinstance(like, exp.Expr):
        conditions.append(f"{name} ilike {_literal(like.name)}")
    if (start := statement.args.get("starts_with")) and isinstance(start, exp.Expr):
        conditions.append(f"starts_with({name}, {_literal(start.name)})")
    if (after := statement.args.get("from_")) and isinstance(after, exp.Expr):
        conditions.append(f"{name} > {_literal(after.name)}")
    limit = statement.args.get("limit")
    columns = _TERSE.get(kind, "*") if statement.args.get("terse") else "*"
    order = "" if kind == "COLUMNS" else _order(kind)
    sql = f"select {columns} from ({query}) where {' and '.join(conditions)} {order}"
    if isinstance(limit, exp.Limit):
        sql += f" limit {limit.expression.name}"
    with session.reading(), session.snapshot():
        has_rows = kind in ("TABLES", "OBJECTS") and columns == "*"
        cursor.answer(_counted(cursor, sql) if has_rows else sql)


_EMPTY = {
    "DYNAMIC TABLES": "created_on, name, database_name, schema_name, comment",
    "EXTERNAL TABLES": "created_on, name, database_name, schema_name, comment",
    "MATERIALIZED VIEWS": "created_on, name, database_name, schema_name, comment",
    "ICEBERG TABLES": "created_on, name, database_name, schema_name, comment",
}


def run_command(cursor: Cursor, statement: exp.Command) -> None:
    """Run SHOW TRANSACTIONS and LOCKS, of this session, and SHOW of what there is never any."""
    text = " ".join(str(statement.expression).upper().split())
    session = cursor.session
    user = _literal(session.user)
    if text.startswith("TRANSACTIONS"):
        cursor.answer(
            f"select {_literal(session.session_id)} as id, {user} as user, "
            f"{_literal(session.session_id)} as session, '' as name, now() as started_on, "
            f"'running' as state, null::varchar as scope where {session.in_transaction}"
        )
    elif text.startswith("LOCKS"):
        held = [f"({_literal(str(table))})" for table in session.account.locks.held_by(session)]
        rows = f"(values {', '.join(held)}) as t (resource)" if held else "(select '' as resource)"
        cursor.answer(
            f"select resource, 'PARTITIONS' as type, {_literal(session.session_id)} as "
            "transaction, now() as transaction_started_on, 'HOLDING' as status, "
            f"now() as acquired_on, null::varchar as query_id from {rows} where {bool(held)}"
        )
    elif text.startswith("VARIABLES"):
        rows = ", ".join(
            f"({_literal(name)}, {_literal(value.name)})" for name, value in session.values.items()
        )
        cursor.answer(
            f"select {_literal(session.session_id)} as session_id, {_EPOCH}, "
            f"to_timestamp(0) as updated_on, name, value, 'text' as type, '' as comment "
            f"from (values {rows or '(null, null)'}) as t (name, value) where {bool(rows)}"
        )
    elif columns := next((c for kind, c in _EMPTY.items() if text.startswith(kind)), None):
        named = ", ".join(f"null::varchar as {column}" for column in columns.split(", "))
        cursor.answer(f"select {named} where false")
    else:
        raise unsupported(f"SHOW {text.split(' LIKE ')[0].split(' IN ')[0]}")


def require(cursor: Cursor, kind: str, table: exp.Table) -> None:
    """Raise Snowflake's error unless a schema or database exists."""
    shown = "SCHEMAS" if kind == "DATABASE" else "TABLES"
    _scope(cursor, exp.Show(this=shown, scope=table, scope_kind=kind), shown)


def contents(cursor: Cursor, kind: str, table: exp.Table) -> None:
    """Answer DESCRIBE SCHEMA and DATABASE: what is in them."""
    shown = "OBJECTS" if kind == "SCHEMA" else "SCHEMAS"
    show = exp.Show(this=shown, scope=table.copy(), scope_kind=kind)
    conditions = " and ".join(_scope(cursor, show, shown))
    query = _QUERIES[shown].format(database="null", schema="null")
    query = visibility.seen(cursor.session, shown, query)
    what = "kind" if kind == "SCHEMA" else "'SCHEMA' as kind"
    with cursor.session.reading():
        cursor.answer(
            f"select created_on, name, {what} from ({query}) where {conditions} order by name"
        )


def _order(kind: str) -> str:
    place = {"DATABASES": "", "SCHEMAS": "database_name, "}
    return f"order by {place.get(kind, 'database_name, schema_name, ')}name"


def _counted(cursor: Cursor, sql: str) -> str:
    """Give the rows of each table, which DuckDB only estimates. Call it in a snapshot."""
    tables = cursor.rows(
        f"select database_name, schema_name, name from ({sql}) where kind = 'TABLE'"
    )
    if not tables:
        return sql
    counts = cursor.rows(
        " union all ".join(f'select count(*) from "{d}"."{s}"."{n}"' for d, s, n in tables)
    )
    counted = ", ".join(
        f"({_literal(d)}, {_literal(s)}, {_literal(n)}, {count})"
        for (d, s, n), (count,) in zip(tables, counts, strict=True)
    )
    return (
        f"select shown.* replace (coalesce(counted.c, 0) as rows) from ({sql}) as shown "
        f"left join (values {counted}) as counted (d, s, n, c) "
        "on shown.database_name = d and shown.schema_name = s and shown.name = n "
        "order by database_name, schema_name, name"
    )


def _scope(cursor: Cursor, statement: exp.Show, kind: str) -> list[str]:
    session = cursor.session
    scope, table = statement.args.get("scope_kind"), statement.args.get("scope")
    database, schema, relation = session.database, session.schema, None
    if scope == "ACCOUNT":
        database = schema = None
    elif isinstance(table, exp.Table) and (
        scope == "DATABASE" or (kind == "SCHEMAS" and not table.db)
    ):
        database, schema = names.normal(table.this), None
        if not cursor.rows("select 1 from duckdb_databases() where database_name = ?", [database]):
            raise _missing("Database", database)
    elif isinstance(table, exp.Table) and (kind != "COLUMNS" or scope == "SCHEMA"):
        database = names.normal(table.args["db"]) if table.db else database
        schema = names.normal(table.this)
        found = "select 1 from duckdb_schemas() where database_name = ? and schema_name = ?"
        if schema != "INFORMATION_SCHEMA" and not cursor.rows(found, [database, schema]):
            raise _missing("Schema", f"{database}.{schema}")
    elif isinstance(table, exp.Table):
        database, schema, relation = names.full(table, database, schema)
        found = (
            "select 1 from information_schema.tables "
            "where table_catalog = ? and table_schema = ? and table_name = ?"
        )
        if not cursor.rows(found, [database, schema, relation]):
            raise _missing("Table", f"{database}.{schema}.{relation}", "42S02")
    elif scope == "DATABASE":
        schema = None
    conditions = ["true"]
    if database and kind != "DATABASES":
        conditions.append(f"database_name = {_literal(database)}")
    if schema and kind not in ("DATABASES", "SCHEMAS"):
        conditions.append(f"schema_name = {_literal(schema)}")
    if relation:
        conditions.append(f"table_name = {_literal(relation)}")
    return conditions


def _missing(kind: str, name: str, state: str = "02000") -> Exception:
    return compilation(2003, f"{kind} '{name}' does not exist or not authorized.", state)


def _literal(text: str | None) -> str:
    return exp.Literal.string(text).sql(dialect="duckdb") if text is not None else "null"
