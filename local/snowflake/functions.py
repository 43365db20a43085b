"""Functions that fakesnow or sqlglot translate to something else than Snowflake does."""

from sqlglot import exp

from local.snowflake import refusals

# Snowflake's date and time format elements, longest first, and strftime's
_FORMAT = [
    ("YYYY", "%Y"),
    ("MMMM", "%B"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("MON", "%b"),
    ("TZH:TZM", "+00:00"),
    ("TZHTZM", "+0000"),
    ("FF9", "%n"),
    ("FF6", "%f"),
    ("FF3", "%g"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("DY", "%a"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("FF", "%n"),
]


def before(node: exp.Expr) -> exp.Expr:
    """Rewrite one node of a Snowflake statement."""
    match node:
        case exp.Sum() | exp.Avg():
            # fakesnow would make doubles of whole numbers
            return exp.Anonymous(this=node.key.upper(), expressions=[node.this])
        case exp.Trim():
            return _trim(node)
        case exp.ToChar() if node.args.get("format"):
            return _to_char(node)
        case exp.Div():
            return _division(node)
        case exp.TryCast() if node.to.this in _TIMESTAMPS:
            # fakesnow would make it a cast that raises
            return _function("TRY", exp.Cast(this=node.this, to=node.to))
        case exp.Cast() if node.to.this == exp.DataType.Type.VARIANT:
            return exp.ToVariant(this=node.this)
        case exp.StrToTime() if "%z" in node.args["format"].name:
            raise refusals.refused("offset format")
        case exp.DateTrunc() if isinstance(node.this, exp.Cast) and node.this.is_type("date"):
            return exp.cast(node.copy(), "date")
        case exp.Window() if _calls(node.this, "RATIO_TO_REPORT"):
            return _ratio_to_report(node)
        case exp.Values() if node.alias and not node.args["alias"].columns:
            width = len(node.expressions[0].expressions)
            names = [exp.to_identifier(f"COLUMN{i + 1}", quoted=True) for i in range(width)]
            node.args["alias"].set("columns", names)
        case exp.Array():
            return _function("JSON_ARRAY", *node.expressions)
        case exp.ArrayContains():
            return _function("LIST_CONTAINS", _list(node.this), _json(node.expression))
        case exp.ArrayDistinct():
            return _json(_function("LIST_DISTINCT", _list(node.this)))
        case exp.ArrayConcat():
            lists = [_list(e) for e in (node.this, *node.expressions)]
            return _json(_function("LIST_CONCAT", *lists))
        case exp.ArrayToString() | exp.ArraySlice() | exp.ArrayAppend() | exp.ArrayRemove():
            raise refusals.refused("array function")
        case exp.Typeof():
            return _typeof(node.this)
        case exp.IsNullValue():
            return _of_type(node.this, "NULL")
        case exp.IsArray():
            return _of_type(node.this, "ARRAY")
        case exp.Anonymous() if node.name.upper() in _TYPE_TESTS:
            return _of_type(node.expressions[0], *_TYPE_TESTS[node.name.upper()])
        case exp.JSONKeys():
            return _json(_function("JSON_KEYS", node.this))
    return node


def duckdb_format(text: str) -> str:
    """Translate a date format to strftime's."""
    found, rest = "", text
    while rest:
        for mark, code in _FORMAT:
            if rest.upper().startswith(mark):
                found, rest = found + code, rest[len(mark) :]
                break
        else:
            if rest[0] == '"':
                literal, _, rest = rest[1:].partition('"')
                found += literal
            elif rest[0].isalnum():
                raise refusals.refused("result format")
            else:
                found, rest = found + rest[0], rest[1:]
    return found


def _function(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _trim(node: exp.Trim) -> exp.Expr:
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(
        str(node.args.get("position")).upper(), "TRIM"
    )
    arguments = [exp.cast(node.this, "varchar")]
    if node.expression:
        arguments.append(node.expression)
    return _function(name, *arguments)


def _to_char(node: exp.ToChar) -> exp.Expr:
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        raise refusals.refused("result format")
    return _function("STRFTIME", node.this, exp.Literal.string(duckdb_format(pattern.this)))


def _division(node: exp.Div) -> exp.Expr:
    """Make a division by zero an error, where DuckDB gives infinity."""
    divisor = node.expression.unnest()
    if isinstance(divisor, exp.Nullif) or (
        isinstance(divisor, exp.Literal) and float(divisor.this) != 0
    ):
        return node
    zero = exp.EQ(this=node.expression.copy(), expression=exp.Literal.number(0))
    fault = _function("ERROR", exp.Literal.string("Division by zero"))
    guarded = exp.Case(ifs=[exp.If(this=zero, true=fault)], default=node.expression.copy())
    node.set("expression", exp.paren(guarded))
    return node


_TIMESTAMPS = (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ)
_TYPES = {
    "UBIGINT": "INTEGER",
    "BIGINT": "INTEGER",
    "VARCHAR": "VARCHAR",
    "DOUBLE": "DECIMAL",
    "NULL": "NULL_VALUE",
}


def _typeof(value: exp.Expr) -> exp.Expr:
    kind = _function("JSON_TYPE", _json(value))
    return exp.Case(
        this=kind,
        ifs=[
            exp.If(this=exp.Literal.string(theirs), true=exp.Literal.string(ours))
            for theirs, ours in _TYPES.items()
        ],
        default=kind.copy(),
    )


_TYPE_TESTS = {
    "IS_OBJECT": ("OBJECT",),
    "IS_ARRAY": ("ARRAY",),
    "IS_INTEGER": ("UBIGINT", "BIGINT"),
    "IS_VARCHAR": ("VARCHAR",),
    "IS_CHAR": ("VARCHAR",),
    "IS_BOOLEAN": ("BOOLEAN",),
}


def _of_type(value: exp.Expr, *kinds: str) -> exp.Expr:
    kind = _function("JSON_TYPE", _json(value))
    return exp.In(this=kind, expressions=[exp.Literal.string(k) for k in kinds])


def _json(value: exp.Expr) -> exp.Expr:
    return _function("TO_JSON", value)


def _list(value: exp.Expr) -> exp.Expr:
    """Make DuckDB's list of an array, which is JSON here."""
    return _function("FROM_JSON", _json(value), exp.Literal.string('["JSON"]'))


def _calls(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == name


def _ratio_to_report(node: exp.Window) -> exp.Expr:
    value = node.this.expressions[0]
    total = node.copy()
    total.set("this", _function("SUM", value.copy()))
    return exp.paren(
        exp.Div(this=value.copy(), expression=_function("NULLIF", total, exp.Literal.number(0)))
    )
