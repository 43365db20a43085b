"""What Snowflake refuses and DuckDB would take, as far as the text of a statement tells."""

from __future__ import annotations

import math

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, error, unsupported

# Words that are no names unless quoted: everywhere, in FROM, of columns
_RESERVED = frozenset(
    [
        "ALL",
        "ALTER",
        "AND",
        "ANY",
        "AS",
        "BETWEEN",
        "BY",
        "CHECK",
        "COLUMN",
        "CONNECT",
        "CREATE",
        "CURRENT",
        "DELETE",
        "DISTINCT",
        "DROP",
        "ELSE",
        "EXISTS",
        "FOLLOWING",
        "FOR",
        "FROM",
        "GRANT",
        "GROUP",
        "HAVING",
        "ILIKE",
        "IN",
        "INCREMENT",
        "INSERT",
        "INTERSECT",
        "INTO",
        "IS",
        "LIKE",
        "MINUS",
        "NOT",
        "NULL",
        "OF",
        "ON",
        "OR",
        "ORDER",
        "QUALIFY",
        "REGEXP",
        "REVOKE",
        "RLIKE",
        "ROW",
        "ROWS",
        "SAMPLE",
        "SELECT",
        "SET",
        "SOME",
        "START",
        "TABLE",
        "TABLESAMPLE",
        "THEN",
        "TO",
        "TRIGGER",
        "UNION",
        "UNIQUE",
        "UPDATE",
        "VALUES",
        "WHENEVER",
        "WHERE",
        "WINDOW",
        "WITH",
    ]
)
_NO_TABLES = frozenset(
    ["CROSS", "FULL", "INNER", "JOIN", "LATERAL", "LEFT", "NATURAL", "RIGHT", "USING"]
)
_NO_COLUMNS = frozenset(
    [
        "CONSTRAINT",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "LOCALTIME",
        "LOCALTIMESTAMP",
    ]
)
_ORDERED = (
    exp.CumeDist,
    exp.DenseRank,
    exp.FirstValue,
    exp.Lag,
    exp.LastValue,
    exp.Lead,
    exp.NthValue,
    exp.Ntile,
    exp.PercentRank,
    exp.Rank,
    exp.RowNumber,
)
_UNORDERED = (
    exp.GroupConcat,
    exp.Median,
    exp.Mode,
    exp.ObjectAgg,
    exp.PercentileCont,
    exp.PercentileDisc,
)
_NO_TYPES = (
    *(exp.DType.INT128, exp.DType.BIT, exp.DType.JSON, exp.DType.JSONB, exp.DType.UINT),
    *(exp.DType.UBIGINT, exp.DType.UTINYINT, exp.DType.USMALLINT, exp.DType.UINT128),
)
_TRANSIENT_DAYS = 1


def check(statement: exp.Expr) -> None:
    """Raise Snowflake's error if something here is refused."""
    if not isinstance(statement, exp.Query | exp.DML | exp.DDL | exp.Alter):
        return
    for node in statement.walk():
        match node:
            case exp.Window():
                _check_window(node)
            case exp.Filter():
                raise _unexpected("filter")
            case exp.Interval() if not isinstance(node.parent, exp.Add | exp.Sub):
                raise unsupported("INTERVAL as a value: add it to a date or time")
            case exp.DataType() if node.this in _NO_TYPES:
                raise compilation(2040, f"Unsupported data type '{node.this.value}'.", "0A000")
            case exp.Except() | exp.Intersect() if node.args.get("distinct") is False:
                raise _unexpected("all")
            case exp.Join() if str(node.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
                raise _unexpected(str(node.args["kind"]))
            case exp.SimilarTo():
                raise _unexpected("similar")
            case exp.Between() if node.args.get("symmetric") is not None:
                raise _unexpected("symmetric")
            case exp.Into():
                raise _unexpected("into")
            case exp.Lock():
                raise unsupported("FOR UPDATE: the stand-in locks whole tables")
            case exp.WindowSpec() if node.args.get("exclude") is not None:
                raise _unexpected("exclude")
            case exp.LimitOptions() if node.args.get("percent") or node.args.get("with_ties"):
                raise _unexpected("with ties" if node.args.get("with_ties") else "percent")
            case exp.Select():
                _check_order(node)
            case exp.Count() if node.this is None:
                raise compilation(938, "not enough arguments for function [COUNT()]", "22023")
            case exp.Distinct() if node.args.get("on") is not None:
                raise _unexpected("on")
            case exp.Literal() if not node.is_string and "e" in node.name.lower():
                if math.isinf(float(node.name)):
                    raise error(100038, f"Numeric value '{node.name}' is not recognized", "22018")
            case exp.Alias():
                _check_word(node.args.get("alias"), _RESERVED)
            case exp.ColumnDef():
                _check_column_name(node)
            case exp.Column():
                _check_word(node.this, _RESERVED)
            case exp.Table():
                _check_word(node.this, _RESERVED | _NO_TABLES)
            case exp.TableAlias():
                _check_word(node.this, _RESERVED | _NO_TABLES)
    if isinstance(statement, exp.Create):
        _check_table(statement)


def _check_word(name: object, words: frozenset[str]) -> None:
    if isinstance(name, exp.Identifier) and not name.quoted and name.name.upper() in words:
        raise _unexpected(name.name)


def _unexpected(word: str) -> ProgrammingError:
    return compilation(1003, f"syntax error: unexpected '{word}'.")


def _check_column_name(column: exp.ColumnDef) -> None:
    if not isinstance(column.this, exp.Identifier):
        raise _unexpected(column.this.sql(dialect="snowflake"))
    _check_word(column.this, _RESERVED | _NO_COLUMNS)


def _check_window(window: exp.Window) -> None:
    function = window.this
    while isinstance(function, exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup | exp.Filter):
        function = function.this
    name = function.sql_names()[0] if isinstance(function, exp.Func) else ""
    ordered = window.args.get("order") is not None
    if isinstance(function, _ORDERED) and not ordered:
        raise compilation(
            2303,
            f"Window function type [{name}] requires ORDER BY in window specification",
            "42601",
        )
    distinct = function.this if isinstance(function.this, exp.Distinct) else None
    several = distinct is not None and len(distinct.expressions) > 1
    summed = distinct is not None and isinstance(function, exp.Sum | exp.Avg)
    if ordered and (isinstance(function, _UNORDERED) or several or summed):
        raise compilation(
            2304,
            f"Window function type [{name}] does not support ORDER BY in window specification",
            "42601",
        )


def _check_order(select: exp.Select) -> None:
    """Raise if what is DISTINCT is ordered by what isn't selected."""
    order = select.args.get("order")
    if not select.args.get("distinct") or order is None or select.is_star:
        return
    selected = {e.alias_or_name.upper() for e in select.expressions}
    values = [e.unalias() for e in select.expressions]
    for ordered in order.expressions:
        key = ordered.this
        plain = isinstance(key, exp.Literal) or key in values
        if not plain and not (isinstance(key, exp.Column) and key.name.upper() in selected):
            text = key.sql(dialect="snowflake").upper()
            raise compilation(1013, f"[{text}] is not a valid order by expression", "42601")


def _check_table(create: exp.Create) -> None:
    properties = create.args.get("properties")
    found = properties.expressions if properties is not None else []
    if any(isinstance(p, exp.TransientProperty) for p in found):
        for setting in found:
            if isinstance(setting, exp.Property) and _days(setting) > _TRANSIENT_DAYS:
                raise compilation(
                    1422,
                    f"invalid value [{_days(setting)}] for parameter 'DATA_RETENTION_TIME_IN_DAYS'",
                    "22023",
                )
    if not isinstance(create.this, exp.Schema):
        return
    columns = {
        names.normal(c.this) for c in create.this.expressions if isinstance(c, exp.ColumnDef)
    }
    for cluster in found:
        if isinstance(cluster, exp.ClusterProperty | exp.Cluster) and columns:
            for column in cluster.find_all(exp.Column):
                if names.normal(column.this) not in columns:
                    raise compilation(904, f"invalid identifier '{names.normal(column.this)}'")


def _days(setting: exp.Property) -> int:
    if setting.name.upper() != "DATA_RETENTION_TIME_IN_DAYS":
        return 0
    value = setting.args["value"].name
    return int(value) if value.isdigit() else 0
