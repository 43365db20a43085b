"""TABLE(RESULT_SCAN(id)): an earlier result as a table, for any query over it."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import error, unsupported

_ROWS = "_EARLIER_RESULT"


def read_result(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Return the statement with its RESULT_SCAN, if it has one, made a table of that result."""
    scans = [t for t in statement.find_all(exp.TableFromRows) if _is_scan(t)]
    if not isinstance(statement, exp.Query) or not scans:
        return statement
    if len(scans) > 1:
        raise unsupported("a query over several results")
    (query_id,) = scans[0].this.expressions
    if not isinstance(query_id, exp.Literal):
        raise unsupported("RESULT_SCAN of anything but LAST_QUERY_ID() or a query id")
    found = cursor.session.results_cache.get(query_id.name)
    if found is None:
        raise error(709, f"Statement {query_id.name} not found", "02000")
    # It stays until the next one: the server describes a result after the statement
    cursor.register(_ROWS, found[0])
    rows = exp.table_(_ROWS, db="main", catalog="temp", alias=scans[0].alias or None)
    scans[0].replace(rows)
    return statement


def _is_scan(table: exp.TableFromRows) -> bool:
    return isinstance(table.this, exp.Anonymous) and table.this.name.upper() == "RESULT_SCAN"
