"""Functions of VARIANTs, ARRAYs and OBJECTs: calls of `sql/json_functions.py`."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.sql import refusals
from snowflake_stand_in.sql.json_values import UNDEFINED

# Snowflake's functions: Python's, and the type of the result
_CALLS: dict[str, tuple[str, str]] = {
    "ARRAY_APPEND": ("array_append", "json"),
    "ARRAY_CAT": ("array_cat", "json"),
    "ARRAY_COMPACT": ("array_compact", "json"),
    "ARRAY_CONSTRUCT": ("array_of", "json"),
    "ARRAY_CONSTRUCT_COMPACT": ("array_compact_of", "json"),
    "ARRAY_CONTAINS": ("array_contains", "boolean"),
    "ARRAY_DISTINCT": ("array_distinct", "json"),
    "ARRAY_EXCEPT": ("array_except", "json"),
    "ARRAY_FLATTEN": ("array_flatten", "json"),
    "ARRAY_GENERATE_RANGE": ("array_generate_range", "json"),
    "ARRAY_INSERT": ("array_insert", "json"),
    "ARRAY_INTERSECTION": ("array_intersection", "json"),
    "ARRAY_MAX": ("array_max", "json"),
    "ARRAY_MIN": ("array_min", "json"),
    "ARRAY_POSITION": ("array_position", "bigint"),
    "ARRAY_PREPEND": ("array_prepend", "json"),
    "ARRAY_REMOVE": ("array_remove", "json"),
    "ARRAY_REMOVE_AT": ("array_remove_at", "json"),
    "ARRAY_REVERSE": ("array_reverse", "json"),
    "ARRAY_SLICE": ("array_slice", "json"),
    "ARRAY_SORT": ("array_sort", "json"),
    "ARRAY_TO_STRING": ("array_to_string", "text"),
    "ARRAYS_OVERLAP": ("arrays_overlap", "boolean"),
    "ARRAYS_TO_OBJECT": ("arrays_to_object", "json"),
    "ARRAYS_ZIP": ("arrays_zip", "json"),
    "CHECK_JSON": ("check_json", "text"),
    "GET_IGNORE_CASE": ("get_ignore_case", "json"),
    "OBJECT_CONSTRUCT": ("object_of", "json"),
    "OBJECT_CONSTRUCT_KEEP_NULL": ("object_keeping_null", "json"),
    "OBJECT_DELETE": ("object_delete", "json"),
    "OBJECT_INSERT": ("object_insert", "json"),
    "OBJECT_KEYS": ("object_keys", "json"),
    "OBJECT_PICK": ("object_pick", "json"),
    "PARSE_JSON": ("parse_json", "json"),
    "SPLIT": ("split", "json"),
    "STRIP_NULL_VALUE": ("strip_null_value", "json"),
    "STRTOK_TO_ARRAY": ("strtok_to_array", "json"),
    "TO_ARRAY": ("to_array", "json"),
    "TO_JSON": ("to_json", "text"),
    "TO_OBJECT": ("to_object", "json"),
    "TRY_PARSE_JSON": ("try_parse_json", "json"),
    "TYPEOF": ("type_of", "text"),
}
# IS_…: TYPEOF of what they are true for
_TYPE_TESTS: dict[str, tuple[str, ...]] = {
    "IS_ARRAY": ("ARRAY",),
    "IS_BINARY": ("BINARY",),
    "IS_BOOLEAN": ("BOOLEAN",),
    "IS_CHAR": ("VARCHAR",),
    "IS_DATE": ("DATE",),
    "IS_DATE_VALUE": ("DATE",),
    "IS_DECIMAL": ("INTEGER", "DECIMAL"),
    "IS_DOUBLE": ("INTEGER", "DECIMAL", "DOUBLE"),
    "IS_INTEGER": ("INTEGER",),
    "IS_NULL_VALUE": ("NULL_VALUE",),
    "IS_OBJECT": ("OBJECT",),
    "IS_REAL": ("INTEGER", "DECIMAL", "DOUBLE"),
    "IS_TIME": ("TIME",),
    "IS_TIMESTAMP_LTZ": ("TIMESTAMP_LTZ",),
    "IS_TIMESTAMP_NTZ": ("TIMESTAMP_NTZ",),
    "IS_TIMESTAMP_TZ": ("TIMESTAMP_TZ",),
    "IS_VARCHAR": ("VARCHAR",),
}
# AS_…: TYPEOF of what they take, and the type they give
_AS: dict[str, tuple[tuple[str, ...], str]] = {
    "AS_ARRAY": (("ARRAY",), "json"),
    "AS_BOOLEAN": (("BOOLEAN",), "boolean"),
    "AS_CHAR": (("VARCHAR",), "text"),
    "AS_DATE": (("DATE",), "date"),
    "AS_DECIMAL": (("INTEGER", "DECIMAL"), "decimal(38, 0)"),
    "AS_DOUBLE": (("INTEGER", "DECIMAL", "DOUBLE"), "double"),
    "AS_INTEGER": (("INTEGER",), "bigint"),
    "AS_NUMBER": (("INTEGER", "DECIMAL"), "decimal(38, 0)"),
    "AS_OBJECT": (("OBJECT",), "json"),
    "AS_REAL": (("INTEGER", "DECIMAL", "DOUBLE"), "double"),
    "AS_TIME": (("TIME",), "time"),
    "AS_TIMESTAMP_NTZ": (("TIMESTAMP_NTZ",), "timestamp"),
    "AS_VARCHAR": (("VARCHAR",), "text"),
}

_NESTED = {exp.DType.ARRAY: "to_array", exp.DType.OBJECT: "to_object"}


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what a function of VARIANTs is in DuckDB, None for anything else."""
    match node:
        case exp.Array():
            return call("array_of", "json", node.expressions)
        case exp.Struct():
            return _object_constant(node)
        case exp.Bracket() if len(node.expressions) == 1:
            return _element(node.this, node.expressions[0])
        case exp.Dot() if isinstance(node.this, exp.JSONExtract):
            return _path(node.this, exp.JSONPathKey(this=node.expression.name))
        case exp.JSONExtract() if _goes_back(node):
            return exp.cast(exp.null(), "json")
        case exp.Cast() if node.to.this in _NESTED and not node.to.expressions:
            if isinstance(node, exp.TryCast):
                return None
            return call(_NESTED[node.to.this], "json", [node.this])
        case exp.GetExtract():
            return call("get", "json", [node.this, node.expression])
        case exp.IsArray() | exp.IsNullValue():
            return _of_type(node.this, _TYPE_TESTS[node.sql_names()[0]])
        case exp.Typeof():
            return call("type_of", "text", [node.this])
        case exp.Anonymous():
            return _function(node.name.upper(), node.expressions)
    return None


def _element(value: exp.Expr, index: exp.Expr) -> exp.Expr:
    if not isinstance(index, exp.Literal):
        return call("get", "json", [value, index])
    if index.is_string:
        return _path(value, exp.JSONPathKey(this=index.name))
    return _path(value, exp.JSONPathSubscript(this=int(index.name)))


def _path(value: exp.Expr, step: exp.Expr) -> exp.Expr:
    path = exp.JSONPath(expressions=[exp.JSONPathRoot(), step])
    return exp.JSONExtract(this=value.copy(), expression=path)


def _goes_back(node: exp.JSONExtract) -> bool:
    """Whether a path counts from an array's end: in Snowflake nothing is there."""
    steps = node.expression.find_all(exp.JSONPathSubscript)
    return any(isinstance(step.this, int) and step.this < 0 for step in steps)


def hide_undefined(statement: exp.Expr) -> None:
    """Make an array's element that is undefined NULL, in place."""
    for node in reversed(list(statement.find_all(exp.JSONExtract, exp.JSONExtractScalar))):
        if node.expression.sql("duckdb").endswith("]'"):
            text = UNDEFINED if isinstance(node, exp.JSONExtractScalar) else f'"{UNDEFINED}"'
            hidden = exp.Anonymous(
                this="NULLIF", expressions=[node.copy(), exp.Literal.string(text)]
            )
            node.replace(hidden)


def _function(name: str, arguments: list[exp.Expr]) -> exp.Expr | None:
    if name in ("OBJECT_CONSTRUCT", "OBJECT_CONSTRUCT_KEEP_NULL") and _is_star(arguments):
        return _star(arguments[0], keep=name.endswith("KEEP_NULL"))
    if name in _CALLS:
        return call(*_CALLS[name], arguments)
    if name in _TYPE_TESTS:
        return _of_type(arguments[0], _TYPE_TESTS[name])
    if name in _AS:
        kinds, kind = _AS[name]
        if arguments[1:]:
            kind = f"decimal({', '.join(digits.name for digits in arguments[1:])})"
        value = call("to_text", "text", [arguments[0].copy()]) if kind != "json" else arguments[0]
        known = exp.If(this=_of_type(arguments[0].copy(), kinds), true=exp.cast(value, kind))
        return exp.Case(ifs=[known])
    return None


def call(function: str, kind: str, arguments: list[exp.Expr]) -> exp.Expr:
    """Call one of Python's functions, whose result is JSON, text or of another type of DuckDB."""
    values = [
        argument.copy()
        if isinstance(argument, exp.Null | exp.ToVariant)
        else exp.Anonymous(this="TO_JSON", expressions=[argument.copy()])
        for argument in arguments
    ]
    called = exp.Anonymous(
        this="_FS_TEXT_CALL" if kind == "text" else "_FS_CALL",
        expressions=[
            exp.Literal.string(function),
            exp.Anonymous(this="LIST_VALUE", expressions=values),
        ],
    )
    return called if kind in ("json", "text") else exp.cast(called, kind)


def _of_type(value: exp.Expr, kinds: tuple[str, ...]) -> exp.Expr:
    kind = call("type_of", "text", [value])
    return exp.In(this=kind, expressions=[exp.Literal.string(k) for k in kinds])


def _object_constant(node: exp.Struct) -> exp.Expr:
    if _is_star(node.expressions):
        return _star(node.expressions[0], keep=False)
    parts: list[exp.Expr] = []
    for pair in node.expressions:
        if not isinstance(pair, exp.PropertyEQ):
            raise refusals.refused("object constant")
        parts += [exp.Literal.string(pair.this.name), pair.expression]
    return call("object_of", "json", parts)


def _is_star(arguments: list[exp.Expr]) -> bool:
    return len(arguments) == 1 and arguments[0].is_star


def _star(star: exp.Expr, *, keep: bool) -> exp.Expr:
    """Make an object of all columns, for which fakesnow has ways."""
    inner = star.this if isinstance(star, exp.Column) else star
    if any(inner.args.values()):
        if keep:
            raise refusals.refused("object star")
        row = exp.Anonymous(this="STRUCT_PACK", expressions=[columns_of(star)])
        return exp.Anonymous(this="_FS_OBJECT_CONSTRUCT_STAR", expressions=[row])
    if keep:
        return exp.JSONObject(expressions=[star.copy()])
    return exp.StarMap(this=star.copy())


def columns_of(star: exp.Expr) -> exp.Expr:
    """Return the columns that a star stands for, as a function's arguments in DuckDB."""
    inner = star.this if isinstance(star, exp.Column) else star
    named = star.sql("duckdb")
    if inner.args.get("ilike"):
        if inner is not star:
            raise refusals.refused("star of a table")
        named = f"lambda _fs_c: _fs_c ilike {inner.args['ilike'].sql('duckdb')}"
    return exp.var(f"*COLUMNS({named})")
