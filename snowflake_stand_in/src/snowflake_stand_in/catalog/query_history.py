"""QUERY_HISTORY(…) and its like; what an account tells of costs, as empty tables.

The history ends with the server. DuckDB tells no bytes scanned, and nothing here costs credits:
those columns are NULL.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.catalog.account_objects import hide_secrets
from snowflake_stand_in.engine.account import Account, Service
from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import active_roles
from snowflake_stand_in.sql.errors import compilation, translate

_KEPT = 10_000
_MOMENT = pa.timestamp("us", "UTC")
_TEXT, _NUMBER, _JSON = pa.string(), pa.int64(), pa.json_()
_HISTORY = pa.schema(
    [
        ("QUERY_ID", _TEXT),
        ("QUERY_TEXT", _TEXT),
        ("DATABASE_NAME", _TEXT),
        ("SCHEMA_NAME", _TEXT),
        ("SESSION_ID", _NUMBER),
        ("USER_NAME", _TEXT),
        ("ROLE_NAME", _TEXT),
        ("WAREHOUSE_NAME", _TEXT),
        ("EXECUTION_STATUS", _TEXT),
        ("ERROR_CODE", _NUMBER),
        ("ERROR_MESSAGE", _TEXT),
        ("START_TIME", _MOMENT),
        ("END_TIME", _MOMENT),
        ("TOTAL_ELAPSED_TIME", _NUMBER),
        ("ROWS_PRODUCED", _NUMBER),
        ("BYTES_SCANNED", _NUMBER),
        ("CREDITS_USED_CLOUD_SERVICES", pa.float64()),
    ]
)
_USAGE = {
    "WAREHOUSE_METERING_HISTORY": pa.schema(
        [
            ("START_TIME", _MOMENT),
            ("END_TIME", _MOMENT),
            ("WAREHOUSE_NAME", _TEXT),
            ("CREDITS_USED", pa.float64()),
            ("CREDITS_USED_COMPUTE", pa.float64()),
            ("CREDITS_USED_CLOUD_SERVICES", pa.float64()),
        ]
    ),
    "AUTOMATIC_CLUSTERING_HISTORY": pa.schema(
        [
            ("START_TIME", _MOMENT),
            ("END_TIME", _MOMENT),
            ("TABLE_NAME", _TEXT),
            ("CREDITS_USED", pa.float64()),
            ("NUM_BYTES_RECLUSTERED", _NUMBER),
            ("NUM_ROWS_RECLUSTERED", _NUMBER),
        ]
    ),
    "GET_QUERY_OPERATOR_STATS": pa.schema(
        [
            ("QUERY_ID", _TEXT),
            ("STEP_ID", _NUMBER),
            ("OPERATOR_ID", _NUMBER),
            ("OPERATOR_TYPE", _TEXT),
            ("OPERATOR_STATISTICS", _JSON),
        ]
    ),
}
# What the first positional argument of each is, and the column it chooses by
_BY = {
    "QUERY_HISTORY": None,
    "QUERY_HISTORY_BY_SESSION": "SESSION_ID",
    "QUERY_HISTORY_BY_USER": "USER_NAME",
    "QUERY_HISTORY_BY_WAREHOUSE": "WAREHOUSE_NAME",
}
_ORDER = ("END_TIME_RANGE_START", "END_TIME_RANGE_END", "RESULT_LIMIT")


class QueryHistory(Service):
    """The newest statements of all sessions."""

    def __init__(self, _: Account) -> None:
        self._rows: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    @contextmanager
    def recorded(self, session: Session, text: str, cursor: Any) -> Iterator[None]:
        """Keep a statement that is run inside, when it has ended."""
        begun, clock = datetime.now(UTC), time.monotonic()
        row: dict[str, Any] = {
            "QUERY_TEXT": hide_secrets(text),
            "DATABASE_NAME": session.database,
            "SCHEMA_NAME": session.schema,
            "SESSION_ID": int(session.session_id or 0),
            "USER_NAME": session.user,
            "ROLE_NAME": session.role,
            "WAREHOUSE_NAME": session.warehouse,
            "START_TIME": begun,
            "EXECUTION_STATUS": "SUCCESS",
        }
        try:
            yield
        except Exception as fault:
            known = translate(fault)
            row |= {
                "EXECUTION_STATUS": "FAILED_WITH_ERROR",
                "ERROR_CODE": known.errno,
                "ERROR_MESSAGE": hide_secrets(str(known.raw_msg or known.msg)),
            }
            raise
        else:
            row["ROWS_PRODUCED"] = cursor.result.num_rows if cursor.result is not None else 0
        finally:
            elapsed = time.monotonic() - clock
            row |= {
                "QUERY_ID": cursor.sfqid,
                "END_TIME": begun + timedelta(seconds=elapsed),
                "TOTAL_ELAPSED_TIME": int(elapsed * 1000),
            }
            self._rows.append(row)

    def table(self, session: Session, by: str | None) -> pa.Table:
        """Return the rows that a session may see; `by` leaves out those without a value there."""
        access, roles = session.account.service(Access), active_roles(session)

        def is_visible(row: dict[str, Any]) -> bool:
            if row["USER_NAME"] == session.user or ADMIN in roles:
                return True
            held = access.held(roles, "WAREHOUSE", row["WAREHOUSE_NAME"] or "")
            return bool(held & {"MONITOR", "OPERATE", "OWNERSHIP"})

        rows = [row for row in list(self._rows) if is_visible(row)]
        if by is not None:
            rows = [row for row in rows if row[by] is not None]
        return pa.Table.from_pylist(rows, schema=_HISTORY)


def read_usage(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Return the statement with its calls of these functions made tables."""
    for number, source in enumerate(list(statement.find_all(exp.TableFromRows))):
        call = source.this.expression if isinstance(source.this, exp.Dot) else source.this
        name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
        if name in _BY:
            query = _query(cursor, name, call, f"_USAGE_{number}")
        elif name in _USAGE:
            query = _from(cursor, _USAGE[name].empty_table(), f"_USAGE_{number}")
        else:
            continue
        alias = source.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
        source.replace(exp.Subquery(this=query, alias=alias))
    return statement


def _from(cursor: Cursor, rows: pa.Table, name: str) -> exp.Select:
    # It stays until the next one: the server describes a result after the statement
    cursor.register(name, rows)
    columns = (exp.column(exp.to_identifier(c, quoted=True)) for c in rows.schema.names)
    return exp.select(*columns).from_(exp.table_(name, db="main", catalog="temp"))


def _query(cursor: Cursor, name: str, call: exp.Anonymous, table: str) -> exp.Expr:
    session, by = cursor.session, _BY[name]
    given: dict[str, exp.Expr] = {}
    order = (*((by,) if by else ()), *_ORDER)
    for position, argument in enumerate(call.expressions):
        if isinstance(argument, exp.Kwarg):
            given[argument.this.name.upper()] = argument.expression
        else:
            given[order[position]] = argument
    if unknown := set(given) - set(order):
        raise _invalid(name, f"unknown argument {', '.join(sorted(unknown))}")
    limit = int(given["RESULT_LIMIT"].name) if "RESULT_LIMIT" in given else 100
    if not 1 <= limit <= _KEPT:
        raise _invalid(name, f"RESULT_LIMIT must be between 1 and {_KEPT}")
    query = _from(cursor, session.account.service(QueryHistory).table(session, by), table)
    if by is not None:
        column = exp.column(exp.to_identifier(by, quoted=True))
        query = query.where(exp.EQ(this=column, expression=_chosen(session, by, given.get(by))))
    end = exp.column(exp.to_identifier("END_TIME", quoted=True))
    if start := given.get("END_TIME_RANGE_START"):
        query = query.where(exp.GTE(this=end.copy(), expression=start.copy()))
    if until := given.get("END_TIME_RANGE_END"):
        query = query.where(exp.LTE(this=end.copy(), expression=until.copy()))
    return query.order_by('"END_TIME" desc').limit(limit)


def _chosen(session: Session, by: str, given: exp.Expr | None) -> exp.Expr:
    if given is None:
        current = {
            "SESSION_ID": session.session_id,
            "USER_NAME": session.user,
            "WAREHOUSE_NAME": session.warehouse or "",
        }[by]
        given = exp.Literal.string(current)
    if by == "SESSION_ID":
        return exp.cast(given.copy(), "bigint")
    name = given.name
    return exp.Literal.string(name[1:-1] if name.startswith('"') else name.upper())


def _invalid(name: str, message: str) -> ProgrammingError:
    return compilation(1015, f"{name}: {message}.", "22023")
