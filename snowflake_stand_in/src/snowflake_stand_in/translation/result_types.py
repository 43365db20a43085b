"""The types that Snowflake gives a query's columns: COUNT is a NUMBER(18,0), 'ab' a VARCHAR(2).

DuckDB's types are wider and fewer, and dbt compares a table's types with a view's to the digit.
RULES says what each function and operator gives; of what no rule knows, DuckDB's type stands. The
reference gives rules for arithmetic alone, so that widths of functions are from memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from snowflake_stand_in.sql import data_types as types
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.data_types import Type, common, number, text, timestamp
from snowflake_stand_in.sql.names import TableName

Columns: TypeAlias = dict[str, Type | None]
"""Columns and their types, None where unknown, in order."""
Rule: TypeAlias = Callable[["Inference", exp.Expr, Scope], Type | None]


def of_query(
    query: exp.Query, tables: Mapping[TableName, Columns], database: str | None, schema: str | None
) -> Columns | None:
    """Infer the types of a query's columns from those of the tables that it reads.

    None if the query can't be analysed: it reads what is no table, as a stage.
    """
    known = MappingSchema(dialect="snowflake")
    for name, columns in tables.items():
        known.add_table(names.table(name), dict.fromkeys(columns, "variant"))
    try:
        qualified = qualify(
            query.copy(),
            dialect="snowflake",
            catalog=database,
            db=schema,
            schema=known,
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        scopes = traverse_scope(qualified)
    except (SqlglotError, KeyError, RecursionError):
        return None
    if not scopes:
        return None
    return Inference(tables, scopes).columns(scopes[-1])


class Inference:
    """The types of one query's expressions."""

    def __init__(self, tables: Mapping[TableName, Columns], scopes: list[Scope]) -> None:
        self._tables = tables
        self._scopes = {id(scope.expression): scope for scope in scopes}
        self._columns: dict[int, Columns] = {}

    def columns(self, scope: Scope) -> Columns:
        """Return the columns of a query, a FLATTEN or VALUES."""
        found = self._columns.get(id(scope))
        if found is None:
            found = self._columns[id(scope)] = self._columns_of(scope)
        return found

    def _columns_of(self, scope: Scope) -> Columns:
        query = scope.expression
        match query:
            case exp.SetOperation():
                left, right = (
                    list(self.columns(part).values()) for part in scope.set_operation_scopes
                )
                both = [common(a, b) for a, b in zip(left, right, strict=False)]
                return dict(zip([s.alias_or_name for s in query.selects], both, strict=False))
            case exp.Select():
                return {s.alias_or_name: self.of(s.unalias(), scope) for s in query.selects}
            case exp.Lateral() | exp.TableFromRows() if isinstance(query.this, exp.Explode):
                return dict(_FLATTENED)
            case exp.Values():
                rows = [
                    [self.of(value, scope) for value in row.expressions]
                    for row in query.expressions
                ]
                kinds = [reduce(common, column) for column in zip(*rows, strict=False)]
                listed = query.alias_column_names or [f"COLUMN{i + 1}" for i in range(len(kinds))]
                return dict(zip(listed, kinds, strict=False))
        return {}

    def of(self, node: exp.Expr | None, scope: Scope) -> Type | None:
        """Return the type of an expression, None if no rule knows it."""
        rule = RULES.get(type(node)) if node is not None else None
        if rule is not None and node is not None:
            return rule(self, node, scope)
        if isinstance(node, exp.Anonymous):
            return _NAMED.get(node.name.upper())
        return types.BOOLEAN if isinstance(node, exp.Predicate | exp.Connector) else None

    def column(self, node: exp.Expr, scope: Scope) -> Type | None:
        """Return the type of a column of what a query, or one around it, reads."""
        assert isinstance(node, exp.Column)
        place: Scope | None = scope
        while place is not None:
            source = place.sources.get(node.table)
            if isinstance(source, Scope):
                return self.columns(source).get(node.name)
            if isinstance(source, exp.Table):
                name = TableName(source.catalog, source.db, source.name)
                return self._tables.get(name, {}).get(node.name)
            place = place.parent
        return None

    def subquery(self, node: exp.Expr, _: Scope) -> Type | None:
        """Return the type of a query of one column."""
        inner = self._scopes.get(id(node.unnest()))
        return next(iter(self.columns(inner).values()), None) if inner is not None else None


def _always(kind: Type) -> Rule:
    return lambda *_: kind


def _as(argument: str = "this") -> Rule:
    """Have the type of an argument."""
    return lambda inference, node, scope: inference.of(node.args.get(argument), scope)


def _common(*arguments: str) -> Rule:
    """Have the type that holds all arguments."""

    def rule(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
        found: list[exp.Expr] = []
        for argument in arguments:
            value = node.args.get(argument)
            found += value if isinstance(value, list) else [value] if value is not None else []
        return reduce(common, (inference.of(value, scope) for value in found))

    return rule


def _case(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    values = [branch.args["true"] for branch in node.args["ifs"]]
    kinds = [
        inference.of(value, scope) for value in [*values, node.args.get("default") or exp.null()]
    ]
    return reduce(common, kinds)


def _decoded(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    _, *rest = node.expressions
    results = [*rest[1::2], rest[-1] if len(rest) % 2 else exp.null()]
    return reduce(common, (inference.of(value, scope) for value in results))


def _if(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    other = node.args.get("false") or exp.null()
    return common(inference.of(node.args["true"], scope), inference.of(other, scope))


def _arithmetic(of_numbers: Callable[[Type, Type], Type]) -> Rule:
    def rule(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
        sides = [inference.of(side, scope) for side in (node.this, node.expression)]
        # A bare NULL counts as a NUMBER(18,0)
        a, b = (number(18) if side == types.NULL else side for side in sides)
        if a is None or b is None:
            return None
        if {a.name, b.name} == {"NUMBER"}:
            return of_numbers(a, b)
        if {a.name, b.name} <= {"NUMBER", "FLOAT"}:
            return types.FLOAT
        if (a.name, b.name) == ("DATE", "NUMBER"):
            return types.DATE
        return number(9) if (a.name, b.name) == ("DATE", "DATE") else None

    return rule


def _of_number(of_number: Callable[[Type], Type | None]) -> Rule:
    """Have a type that follows from the argument's, if that is a NUMBER; else FLOAT."""

    def rule(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
        kind = inference.of(node.this, scope)
        if kind is None:
            return None
        return of_number(kind) if kind.name == "NUMBER" else types.FLOAT

    return rule


def _rounded(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    kind = inference.of(node.this, scope)
    decimals = node.args.get("decimals")
    if kind is None or kind.name != "NUMBER":
        return types.FLOAT if kind == types.FLOAT else None
    if decimals is None:
        return types.rounded(kind, 0)
    return types.rounded(kind, int(decimals.name)) if decimals.is_int else None


def _middle(kind: Type) -> Type:
    return number(kind.precision + 3, kind.scale + 3)


def _within_group(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    kind = inference.of(node.expression.expressions[0].this, scope)
    if isinstance(node.this, exp.PercentileCont) and kind is not None and kind.name == "NUMBER":
        return _middle(kind)
    return kind if isinstance(node.this, exp.PercentileDisc) else inference.of(node.this, scope)


def _literal(_: Inference, node: exp.Expr, __: Scope) -> Type | None:
    assert isinstance(node, exp.Literal)
    if node.is_string:
        return text(max(len(node.name), 1))
    if "e" in node.name.lower():
        return types.FLOAT
    whole, _point, fraction = node.name.partition(".")
    return number(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))


def _cast(_: Inference, node: exp.Expr, __: Scope) -> Type | None:
    return types.declared(node.args["to"])


def _to_number(_: Inference, node: exp.Expr, __: Scope) -> Type | None:
    sizes = [node.args.get(part) for part in ("precision", "scale")]
    given = [int(size.name) for size in sizes if size is not None and size.is_int]
    return number(*(given or [types.MOST_DIGITS]))


def _joined(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    parts = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
    kinds = [inference.of(part, scope) for part in parts]
    lengths = [kind.length for kind in kinds if kind is not None and kind.name == "VARCHAR"]
    return text(sum(lengths)) if len(lengths) == len(kinds) else text()


def _part_of_text(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    kind = inference.of(node.this, scope)
    return kind if kind is not None and kind.name == "VARCHAR" else text()


_DAYS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def _moved(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    kind = inference.of(node.this, scope)
    by_days = node.text("unit").upper().startswith(_DAYS)
    return timestamp("NTZ") if kind == types.DATE and not by_days else kind


def _difference(inference: Inference, node: exp.Expr, scope: Scope) -> Type | None:
    unit = node.text("unit").upper()
    kinds = {inference.of(side, scope) for side in (node.this, node.expression)}
    if unit.startswith("NANO"):
        return number(types.MOST_DIGITS)
    if unit.startswith("MICRO"):
        return number(18)
    return number(9) if unit.startswith(_DAYS) or kinds != {types.DATE} else number(18)


def _now(_: Inference, node: exp.Expr, __: Scope) -> Type | None:
    return timestamp("NTZ" if node.args.get("sysdate") else "LTZ")


_PARTS = {"YEAR": 4, "YEAROFWEEK": 4, "YEAROFWEEKISO": 4, "DAYOFYEAR": 3, "NANOSECOND": 9}


def _part(_: Inference, node: exp.Expr, __: Scope) -> Type | None:
    part = node.this.name.upper()
    return number(18 if part.startswith("EPOCH") else _PARTS.get(part, 2))


_SAME = (
    exp.Paren,
    exp.Alias,
    exp.Neg,
    exp.Abs,
    exp.Window,
    exp.Filter,
    exp.IgnoreNulls,
    exp.RespectNulls,
    exp.Distinct,
    exp.Min,
    exp.Max,
    exp.AnyValue,
    exp.Mode,
    exp.FirstValue,
    exp.LastValue,
    exp.NthValue,
    exp.ArgMax,
    exp.ArgMin,
    exp.Nullif,
    exp.TimestampTrunc,
    exp.DateTrunc,
    exp.TimeSlice,
    exp.AddMonths,
)
_TEXT_OF_ITS_ARGUMENT = (
    exp.Lower,
    exp.Upper,
    exp.Initcap,
    exp.Trim,
    exp.Substring,
    exp.Left,
    exp.Right,
    exp.SplitPart,
    exp.Reverse,
)
_FIXED: dict[Type, tuple[type[exp.Expr], ...]] = {
    number(18): (
        *(exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile),
        *(exp.Length, exp.ByteLength, exp.StrPosition, exp.RegexpCount, exp.RegexpInstr),
    ),
    number(13): (exp.CountIf,),
    number(9): (exp.ArraySize,),
    number(4): (exp.Year, exp.YearOfWeek, exp.YearOfWeekIso),
    number(3): (exp.DayOfYear,),
    number(2): (
        *(exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfWeekIso, exp.Quarter),
        *(exp.Week, exp.WeekOfYear, exp.Hour, exp.Minute, exp.Second),
    ),
    types.FLOAT: (
        *(exp.Sqrt, exp.Pow, exp.Ln, exp.Exp, exp.Log, exp.PercentRank, exp.CumeDist),
        *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Corr, exp.ToDouble),
    ),
    types.BOOLEAN: (
        *(exp.Boolean, exp.Not, exp.ToBoolean, exp.LogicalAnd, exp.LogicalOr),
        *(exp.Contains, exp.StartsWith, exp.EndsWith, exp.IsNullValue, exp.EqualNull),
    ),
    types.NULL: (exp.Null,),
    types.DATE: (
        *(exp.CurrentDate, exp.TsOrDsToDate, exp.StrToDate, exp.LastDay, exp.DateFromParts),
        *(exp.NextDay, exp.PreviousDay),
    ),
    types.VARIANT: (*(exp.JSONExtract, exp.GetExtract, exp.Bracket, exp.ParseJSON, exp.ToVariant),),
    types.OBJECT: (exp.Struct, exp.ObjectAgg, exp.ObjectInsert, exp.ParseUrl),
    types.ARRAY: (exp.Array, exp.ArrayAgg, exp.ArrayUniqueAgg, exp.Split, exp.JSONKeys),
    text(3): (exp.Monthname, exp.Dayname),
    text(32): (exp.MD5,),
    text(36): (exp.Uuid,),
    text(40): (exp.SHA,),
    text(128): (exp.SHA2,),
    text(): (
        *(exp.ToChar, exp.GroupConcat, exp.Replace, exp.RegexpReplace, exp.RegexpExtract),
        *(exp.Pad, exp.Repeat, exp.Typeof, exp.ConcatWs),
    ),
}
# Those that sqlglot leaves as they are written
_CALLED: dict[Type, tuple[str, ...]] = {
    types.DATE: ("TO_DATE", "TRY_TO_DATE", "DATE", "DATE_FROM_PARTS", "DATEFROMPARTS"),
    timestamp("NTZ"): ("TO_TIMESTAMP_NTZ", "TRY_TO_TIMESTAMP_NTZ", "TIMESTAMP_NTZ_FROM_PARTS"),
    types.VARIANT: ("PARSE_JSON", "TRY_PARSE_JSON", "STRIP_NULL_VALUE"),
    types.OBJECT: (
        *("OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL", "OBJECT_INSERT", "OBJECT_DELETE"),
        *("OBJECT_PICK", "TO_OBJECT", "ARRAYS_TO_OBJECT", "AS_OBJECT"),
    ),
    types.ARRAY: (
        *("ARRAY_CONSTRUCT", "ARRAY_CONSTRUCT_COMPACT", "ARRAY_APPEND", "ARRAY_CAT", "TO_ARRAY"),
        *("ARRAY_COMPACT", "ARRAY_DISTINCT", "ARRAY_SLICE", "ARRAY_SORT", "OBJECT_KEYS", "SPLIT"),
        *("ARRAY_EXCEPT", "ARRAY_FLATTEN", "ARRAY_GENERATE_RANGE", "ARRAY_INSERT", "ARRAYS_ZIP"),
        *("ARRAY_INTERSECTION", "ARRAY_PREPEND", "ARRAY_REMOVE", "ARRAY_REMOVE_AT", "AS_ARRAY"),
        *("ARRAY_REVERSE", "STRTOK_TO_ARRAY", "REGEXP_SUBSTR_ALL", "REGEXP_EXTRACT_ALL"),
    ),
    number(18): ("REGEXP_COUNT", "REGEXP_INSTR", "OCTET_LENGTH", "BIT_LENGTH"),
    text(): ("REGEXP_SUBSTR", "REGEXP_REPLACE", "ARRAY_TO_STRING", "TO_JSON"),
    text(128): ("SHA2", "SHA2_HEX"),
}
_NAMED = {name: kind for kind, names_ in _CALLED.items() for name in names_}
_FLATTENED: Columns = {
    "SEQ": number(18),
    "KEY": text(),
    "PATH": text(),
    "INDEX": number(18),
    "VALUE": types.VARIANT,
    "THIS": types.VARIANT,
}

RULES: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys(_SAME, _as()),
    **dict.fromkeys(_TEXT_OF_ITS_ARGUMENT, _part_of_text),
    **{node: _always(kind) for kind, nodes in _FIXED.items() for node in nodes},
    exp.Column: Inference.column,
    exp.Subquery: Inference.subquery,
    exp.Literal: _literal,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.ToNumber: _to_number,
    exp.Add: _arithmetic(types.added),
    exp.Sub: _arithmetic(types.added),
    exp.Mul: _arithmetic(types.multiplied),
    exp.Div: _arithmetic(types.divided),
    exp.Mod: _arithmetic(lambda a, b: common(a, b) or a),
    exp.Sum: _of_number(types.summed),
    exp.Avg: _of_number(lambda kind: types.divided(types.summed(kind), number(18))),
    exp.Median: _of_number(_middle),
    exp.WithinGroup: _within_group,
    exp.Round: _rounded,
    exp.Trunc: _rounded,
    exp.Floor: _rounded,
    exp.Ceil: _rounded,
    exp.Coalesce: _common("this", "expressions"),
    exp.Greatest: _common("this", "expressions"),
    exp.Least: _common("this", "expressions"),
    exp.Lag: _common("this", "default"),
    exp.Lead: _common("this", "default"),
    exp.Nvl2: _common("true", "false"),
    exp.Case: _case,
    exp.DecodeCase: _decoded,
    exp.If: _if,
    exp.DPipe: _joined,
    exp.Concat: _joined,
    exp.DateAdd: _moved,
    exp.DateDiff: _difference,
    exp.Extract: _part,
    exp.CurrentTimestamp: _now,
    exp.TimestampFromParts: _always(timestamp("NTZ")),
}
