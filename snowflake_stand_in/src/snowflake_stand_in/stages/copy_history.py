"""INFORMATION_SCHEMA.COPY_HISTORY(…): what COPY has loaded into a table."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported

_ROWS = """
select
    "FILE_NAME",
    null::varchar as "STAGE_LOCATION",
    "LAST_LOAD_TIME",
    "ROW_COUNT",
    "ROW_PARSED",
    null::number as "FILE_SIZE",
    "FIRST_ERROR_MESSAGE",
    "FIRST_ERROR_LINE_NUMBER",
    "FIRST_ERROR_CHARACTER_POSITION" as "FIRST_ERROR_CHARACTER_POS",
    "FIRST_ERROR_COL_NAME" as "FIRST_ERROR_COLUMN_NAME",
    "ERROR_COUNT",
    "ERROR_LIMIT",
    case "STATUS"
        when 'LOADED' then 'Loaded'
        when 'LOAD_FAILED' then 'Load failed'
        else 'Partially loaded'
    end as "STATUS",
    '{name.database}' as "TABLE_CATALOG_NAME",
    "SCHEMA_NAME" as "TABLE_SCHEMA_NAME",
    "TABLE_NAME",
    "PIPE_CATALOG_NAME",
    "PIPE_SCHEMA_NAME",
    "PIPE_NAME",
    "PIPE_RECEIVED_TIME",
    "LAST_LOAD_TIME" as "FIRST_COMMIT_TIME"
from "{name.database}"."_fs_information_schema"."_fs_load_history"
where "SCHEMA_NAME" = '{name.schema}' and "TABLE_NAME" = '{name.name}'
    and "LAST_LOAD_TIME" >= {start} and "LAST_LOAD_TIME" <= {end}
"""
_NOW = "current_timestamp()"


def read_history(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Return the statement with its calls of COPY_HISTORY made queries."""
    for source in list(statement.find_all(exp.TableFromRows)):
        call = source.this.expression if isinstance(source.this, exp.Dot) else source.this
        if isinstance(call, exp.Anonymous) and call.name.upper() == "COPY_HISTORY":
            source.replace(exp.Subquery(this=_query(cursor, call), alias=_alias(source)))
    return statement


def _query(cursor: Cursor, call: exp.Anonymous) -> exp.Expr:
    given = {}
    for position, argument in enumerate(call.expressions):
        if isinstance(argument, exp.Kwarg):
            given[argument.this.name.upper()] = argument.expression
        else:
            given[("TABLE_NAME", "START_TIME", "END_TIME")[position]] = argument
    table = given.get("TABLE_NAME")
    if table is None or "START_TIME" not in given:
        raise compilation(1015, "COPY_HISTORY needs TABLE_NAME and START_TIME.")
    if not isinstance(table, exp.Literal):
        raise unsupported("COPY_HISTORY with a TABLE_NAME that is no constant")
    session = cursor.session
    name = names.full(
        exp.to_table(table.name, dialect="snowflake"), session.database, session.schema
    )
    times = {
        part: given[key].sql(dialect="snowflake") if key in given else _NOW
        for part, key in (("start", "START_TIME"), ("end", "END_TIME"))
    }
    return sqlglot.parse_one(_ROWS.format(name=name, **times), read="snowflake")


def _alias(source: exp.Expr) -> exp.Expr:
    alias = source.args.get("alias")
    return alias if alias is not None else exp.TableAlias(this=exp.to_identifier("COPY_HISTORY"))
