"""Functions that fakesnow or sqlglot translate to something else than Snowflake does."""

from sqlglot import exp

from snowflake_stand_in.sql import refusals


def rewrite_functions(statement: exp.Expr) -> exp.Expr:
    """Return a statement of Snowflake's with functions that fakesnow translates."""
    # From the leaves up: sqlglot's own transform doesn't look inside what it has replaced
    for node in reversed(list(statement.walk())):
        new = _rewritten(node)
        if node is statement:
            statement = new
        elif new is not node:
            node.replace(new)
    return statement


def _rewritten(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Sum() | exp.Avg():
            # fakesnow would make doubles of whole numbers
            return exp.Anonymous(this=node.key.upper(), expressions=[node.this])
        case exp.Trim():
            return _trim(node)
        case exp.ToChar() if node.args.get("format"):
            raise refusals.refused("result format")
        case exp.ToChar():
            return exp.cast(node.this, "text")
        case exp.Median():
            return _function("_FS_MEDIAN", node.this)
        case exp.Cast() if node.to.this == exp.DataType.Type.VARIANT:
            return exp.ToVariant(this=node.this)
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
        case exp.ArrayConcat():
            lists = [_list(e) for e in (node.this, *node.expressions)]
            return _json(_function("LIST_CONCAT", *lists))
        case exp.ArrayAppend():
            return _json(_function("LIST_APPEND", _list(node.this), _json(node.expression)))
        case exp.ArrayPrepend():
            return _json(_function("LIST_PREPEND", _json(node.expression), _list(node.this)))
        case exp.ArrayIntersect():
            return _function("_FS_ARRAY_INTERSECTION", *node.expressions)
        case exp.GenerateSeries() if node.args.get("is_end_exclusive"):
            bounds = [node.args["start"], node.args["end"], node.args.get("step")]
            return _json(_function("RANGE", *(b for b in bounds if b is not None)))
        case exp.SortArray() if node.args.get("asc") is None:
            return _function("_FS_ARRAY_SORT", node.this)
        case exp.SortArray() | exp.Transform() | exp.ArrayFilter() | exp.Reduce():
            raise refusals.refused("array function")
        case exp.RegexpExtractAll() | exp.StrtokToArray():
            return _json(node.copy())
        case exp.ObjectInsert():
            change = node.args.get("update_flag") or exp.false()
            key, value = node.args["key"], node.args["value"]
            return _function("_FS_OBJECT_INSERT", node.this, key, value, change)
        case exp.Anonymous() if node.name.upper() in ("OBJECT_DELETE", "OBJECT_PICK"):
            value, *keys = node.expressions
            if not all(isinstance(key, exp.Literal) for key in keys):
                raise refusals.refused("object keys")
            listed = _function("LIST_VALUE", *keys)
            return _function(f"_FS_{node.name.upper()}", value, listed)
        case exp.ParseUrl():
            permissive = node.args.get("permissive") or exp.Literal.number(0)
            return _function("_FS_PARSE_URL", node.this, permissive)
        case exp.ByteLength():
            return _function("STRLEN", exp.cast(node.this, "text"))
        case exp.Cbrt():
            return _function("CBRT", node.this)
        case exp.Rand() if node.this is not None:
            raise refusals.refused("seed")
        case exp.Struct() if any(
            isinstance(e, exp.PropertyEQ) and isinstance(e.this, exp.Identifier)
            for e in node.expressions
        ):
            raise refusals.refused("object constant")
        case exp.Anonymous() if node.name.upper() in _AS:
            return _as(node.expressions[0], *_AS[node.name.upper()])
        case exp.Lateral() | exp.TableFromRows() if isinstance(node.this, exp.Explode):
            return _flatten(node)
        case exp.Lateral() | exp.TableFromRows() if isinstance(node.this, exp.SplitToTable):
            split = _function("_FS_SPLIT_TO_TABLE", node.this.this, node.this.expression)
            return exp.Table(this=split, alias=node.args.get("alias"))
        case exp.Select() if isinstance(source := _from(node), exp.Values):
            _name_positions(node, source)
        case exp.TryCast() if length(node.to) is not None:
            text = exp.cast(node.this, "text")
            fits = exp.LTE(
                this=_function("LENGTH", text), expression=exp.Literal.number(length(node.to))
            )
            return exp.Case(ifs=[exp.If(this=fits, true=text.copy())])
        case exp.Cast() if length(node.to) is not None:
            limit = exp.Literal.number(length(node.to))
            return _function("_FS_FIT", exp.cast(node.this, "text"), limit)
        case _ if type(node) in _MACROS:
            parts = [node.args.get(part) for part in ("this", *_MACROS[type(node)][1:])]
            return _function(_MACROS[type(node)][0], *(p for p in parts if p is not None))
        case exp.Typeof():
            return _typeof(node.this)
        case exp.IsNullValue():
            return _of_type(node.this, "NULL")
        case exp.IsArray():
            return _of_type(node.this, "ARRAY")
        case exp.Anonymous() if node.name.upper() in _TYPE_TESTS:
            return _of_type(node.expressions[0], *_TYPE_TESTS[node.name.upper()])
        case exp.JSONKeys():
            return _json(_function("LIST_SORT", _function("JSON_KEYS", node.this)))
    return node


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


# Functions that are macros of the same arguments
_MACROS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.ArrayToString: ("_FS_ARRAY_TO_STRING", "expression"),
    exp.ArraySlice: ("_FS_ARRAY_SLICE", "start", "end"),
    exp.ArrayPosition: ("_FS_ARRAY_POSITION", "expression"),
    exp.ArrayRemove: ("_FS_ARRAY_REMOVE", "expression"),
    exp.ArrayRemoveAt: ("_FS_ARRAY_REMOVE_AT", "position"),
    exp.ArrayInsert: ("_FS_ARRAY_INSERT", "position", "expression"),
    exp.ArrayCompact: ("_FS_ARRAY_COMPACT",),
    exp.ArrayDistinct: ("_FS_ARRAY_DISTINCT",),
    exp.ArrayMin: ("_FS_ARRAY_MIN",),
    exp.ArrayMax: ("_FS_ARRAY_MAX",),
    exp.ArrayExcept: ("_FS_ARRAY_EXCEPT", "expression"),
    exp.ArrayOverlaps: ("_FS_ARRAYS_OVERLAP", "expression"),
    exp.Flatten: ("_FS_ARRAY_FLATTEN",),
}
# AS_…: the value of a VARIANT of just this type
_AS = {
    "AS_VARCHAR": ("text", "VARCHAR"),
    "AS_CHAR": ("text", "VARCHAR"),
    "AS_INTEGER": ("bigint", "UBIGINT", "BIGINT"),
    "AS_BOOLEAN": ("boolean", "BOOLEAN"),
}
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


def _as(value: exp.Expr, kind: str, *types: str) -> exp.Expr:
    text = _function("JSON_EXTRACT_STRING", _json(value), exp.Literal.string("$"))
    found = exp.If(this=_of_type(value, *types), true=exp.cast(text, kind))
    return exp.Case(ifs=[found])


def _flatten(node: exp.Expr) -> exp.Expr:
    """Make FLATTEN a macro; LEFT JOIN LATERAL FLATTEN keeps what has nothing to flatten."""
    values: dict[str, exp.Expr] = {}
    for position, argument in enumerate((node.this.this, *node.this.expressions)):
        if isinstance(argument, exp.Kwarg):
            values[argument.this.name.upper()] = argument.expression
        else:
            values[("INPUT", "PATH", "OUTER", "RECURSIVE", "MODE")[position]] = argument
    join = node.parent if isinstance(node.parent, exp.Join) else None
    left = join is not None and str(join.args.get("side")).upper() == "LEFT"
    if join is not None and left:
        on = join.args.get("on")
        if on is not None and not (isinstance(on, exp.Boolean) and on.this):
            raise refusals.refused("flatten on")
        join.set("side", None)
        join.set("on", None)
        join.set("kind", "CROSS")
    outer = left or _is_true(values.get("OUTER"))
    path, mode = values.get("PATH"), values.get("MODE")
    if _is_true(values.get("RECURSIVE")):
        if outer or path is not None or mode is not None:
            raise refusals.refused("flatten recursive")
        call = _function("_FS_FLATTEN_TREE", values["INPUT"])
    else:
        if any(o is not None and not (isinstance(o, exp.Literal)) for o in (path, mode)):
            raise refusals.refused("flatten option")
        arguments = [
            path if path is not None else exp.Literal.string(""),
            exp.Literal.string(mode.name.upper() if mode is not None else "BOTH"),
            exp.Boolean(this=outer),
        ]
        call = _function("_FS_FLATTEN", values["INPUT"], *arguments)
    return exp.Table(this=call, alias=node.args.get("alias"))


def _is_true(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Boolean) and bool(node.this)


def _from(select: exp.Select) -> exp.Expr | None:
    source = select.args.get("from_")
    return source.this if isinstance(source, exp.From) and not select.args.get("joins") else None


def _name_positions(select: exp.Select, values: exp.Values) -> None:
    """Make `$1` of a query over VALUES the name of the column."""
    names = values.args["alias"].columns if values.args.get("alias") else []
    for parameter in list(select.find_all(exp.Parameter)):
        if parameter.find_ancestor(exp.Select) is select and parameter.name.isdigit():
            position = int(parameter.name)
            name = names[position - 1].name if names else f"COLUMN{position}"
            parameter.replace(exp.column(exp.to_identifier(name, quoted=True)))


def length(kind: exp.DataType) -> int | None:
    """Return n of VARCHAR(n), None where it says nothing; CHAR alone is CHAR(1)."""
    if kind.this in (exp.DType.CHAR, exp.DType.NCHAR) and not kind.expressions:
        return 1
    if kind.this not in _TEXTS or not kind.expressions:
        return None
    found = int(kind.expressions[0].name)
    return found if found < _LONGEST else None


_TEXTS = (exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.NCHAR, exp.DType.NVARCHAR, exp.DType.TEXT)
_LONGEST = 16_777_216
