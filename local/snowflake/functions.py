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


def before(node: exp.Expression) -> exp.Expression:
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
        case exp.Anonymous() if node.name.upper() in _NAMED:
            return _NAMED[node.name.upper()](node)
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


def _function(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _trim(node: exp.Trim) -> exp.Expression:
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(
        str(node.args.get("position")).upper(), "TRIM"
    )
    arguments = [exp.cast(node.this, "varchar")]
    if node.expression:
        arguments.append(node.expression)
    return _function(name, *arguments)


def _to_char(node: exp.ToChar) -> exp.Expression:
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        raise refusals.refused("result format")
    return _function("STRFTIME", node.this, exp.Literal.string(duckdb_format(pattern.this)))


def _division(node: exp.Div) -> exp.Expression:
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


_TYPES = {
    "UBIGINT": "INTEGER",
    "BIGINT": "INTEGER",
    "VARCHAR": "VARCHAR",
    "DOUBLE": "DECIMAL",
    "NULL": "NULL_VALUE",
}


def _typeof(node: exp.Anonymous) -> exp.Expression:
    kind = _function("JSON_TYPE", _function("TO_JSON", node.expressions[0]))
    return exp.Case(
        this=kind,
        ifs=[
            exp.If(this=exp.Literal.string(theirs), true=exp.Literal.string(ours))
            for theirs, ours in _TYPES.items()
        ],
        default=kind.copy(),
    )


def _is_type(*kinds: str):  # type: ignore[no-untyped-def]
    def rewritten(node: exp.Anonymous) -> exp.Expression:
        kind = _function("JSON_TYPE", _function("TO_JSON", node.expressions[0]))
        return exp.In(this=kind, expressions=[exp.Literal.string(k) for k in kinds])

    return rewritten


def _object_keys(node: exp.Anonymous) -> exp.Expression:
    return _function("TO_JSON", _function("JSON_KEYS", *node.expressions))


_NAMED = {
    "TYPEOF": _typeof,
    "IS_OBJECT": _is_type("OBJECT"),
    "IS_ARRAY": _is_type("ARRAY"),
    "IS_INTEGER": _is_type("UBIGINT", "BIGINT"),
    "IS_VARCHAR": _is_type("VARCHAR"),
    "IS_CHAR": _is_type("VARCHAR"),
    "IS_BOOLEAN": _is_type("BOOLEAN"),
    "IS_NULL_VALUE": _is_type("NULL"),
    "OBJECT_KEYS": _object_keys,
}
