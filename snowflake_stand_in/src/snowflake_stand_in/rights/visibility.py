"""Which rows of SHOW and of the information schema the session's roles can see."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN, RELATIONS
from snowflake_stand_in.rights.reads import METADATA
from snowflake_stand_in.rights.requirements import active_roles


def seen(session: Session, kind: str, query: str) -> str:
    """Leave in SHOW's query what the session's roles can see, and give the owners."""
    name, kinds = _SHOWN_ROWS[kind]
    roles = active_roles(session)
    access = session.account.service(Access)
    columns = "*"
    if kind not in ("COLUMNS", "SEQUENCES"):
        among = ", ".join(f"'{kind}'" for kind in kinds)
        columns = (
            "* replace (coalesce((select max(g.grantee) from _fs_global.main.grants as g where "
            f"g.privilege = 'OWNERSHIP' and g.kind in ({among}) and g.name = {name}), '{ADMIN}') "
            "as owner)"
        )
    where = "true" if ADMIN in roles else f"{name} in ({_visible(access, roles, *kinds)})"
    return f"select {columns} from ({query}) as shown where {where}"


def hide_rows(cursor: Cursor, query: exp.Expr) -> None:
    """Leave in a query of the information schema what the session's roles can see, in place."""
    session = cursor.session
    roles = active_roles(session)
    if ADMIN in roles:
        return
    for table in list(query.find_all(exp.Table)):
        rows = _METADATA_ROWS.get(table.name.upper())
        if rows is None or table.db.upper() not in METADATA:
            continue
        name, kinds = rows
        inner = table.copy()
        inner.set("alias", None)
        inner.set("joins", None)
        condition = f"{name} in ({_visible(session.account.service(Access), roles, *kinds)})"
        outer = (
            exp.select("*")
            .from_(inner)
            .where(condition, dialect="duckdb")
            .subquery(exp.to_identifier(table.alias or table.name, quoted=True))
        )
        outer.set("joins", table.args.get("joins"))
        table.replace(outer)


# Which columns of a result name an object of which kind
_SCHEMA_ROW = "shown.database_name || '.' || shown.name"
_OBJECT_ROW = "shown.database_name || '.' || shown.schema_name || '.' || shown.name"
_COLUMN_ROW = "shown.database_name || '.' || shown.schema_name || '.' || shown.table_name"
_SHOWN_ROWS = {
    "DATABASES": ("shown.name", ("DATABASE",)),
    "SCHEMAS": (_SCHEMA_ROW, ("SCHEMA",)),
    "TABLES": (_OBJECT_ROW, ("TABLE",)),
    "VIEWS": (_OBJECT_ROW, ("VIEW",)),
    "OBJECTS": (_OBJECT_ROW, RELATIONS),
    "COLUMNS": (_COLUMN_ROW, RELATIONS),
    "STAGES": (_OBJECT_ROW, ("STAGE",)),
    "FILE FORMATS": (_OBJECT_ROW, ("FILE FORMAT",)),
    "SEQUENCES": (_OBJECT_ROW, ("SEQUENCE",)),
}
_TABLE_ROW = "table_catalog || '.' || table_schema || '.' || table_name"
_METADATA_ROWS = {
    "_FS_TABLES": (_TABLE_ROW, RELATIONS),
    "_FS_VIEWS": (_TABLE_ROW, RELATIONS),
    "_FS_COLUMNS": (_TABLE_ROW, RELATIONS),
    "_FS_SCHEMATA": ("catalog_name || '.' || schema_name", ("SCHEMA",)),
    "DATABASES": ("database_name", ("DATABASE",)),
}


def _visible(access: Access, roles: frozenset[str], *kinds: str) -> str:
    visible = access.visible(roles, *kinds)
    if kinds == ("SCHEMA",):
        databases = access.visible(roles, "DATABASE")
        visible += [f"{database}.INFORMATION_SCHEMA" for database in databases]
        visible += [f"{database}.information_schema" for database in databases]
    return ", ".join(exp.Literal.string(v).sql(dialect="duckdb") for v in visible) or "null"
