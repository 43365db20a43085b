"""Functions that fakesnow or sqlglot translate to something else than Snowflake does."""

from sqlglot import exp

from snowflake_stand_in.sql import refusals
from snowflake_stand_in.translation import (
    aggregates,
    patterns,
    row_values,
    scalars,
    semi_structured,
)

_OTHERS = (
    semi_structured.rewritten,
    patterns.rewritten,
    aggregates.rewritten,
    row_values.rewritten,
    scalars.rewritten,
)


def rewrite_functions(statement: exp.Expr) -> exp.Expr:
    """Return a statement of Snowflake's with functions that fakesnow translates."""
    # From the leaves up: sqlglot's own transform doesn't look inside what it has replaced
    for node in reversed(list(statement.walk())):
        found = (rewritten(node) for rewritten in _OTHERS)
        new = next((other for other in found if other is not None), None) or _rewritten(node)
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
        case exp.ToChar() if (name := _of_bytes(node.args.get("format"))) is not None:
            return _function(name, exp.cast(node.this, "blob"))
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
        case exp.Transform() | exp.ArrayFilter() | exp.Reduce():
            raise refusals.refused("array function")
        case exp.ParseUrl():
            permissive = node.args.get("permissive") or exp.Literal.number(0)
            return semi_structured.call("parse_url", "json", [node.this, permissive])
        case exp.Cbrt():
            return _function("CBRT", node.this)
        case exp.Rand() if node.this is not None:
            raise refusals.refused("seed")
        case exp.Uniform() | exp.Normal() | exp.Randstr() | exp.Zipf() if not _is_random(node):
            raise refusals.refused("seed")
        case exp.Generator() if not node.args.get("rowcount") and node.args.get("timelimit"):
            raise refusals.refused("time limit")
        case exp.Lateral() | exp.TableFromRows() if isinstance(node.this, exp.Explode):
            return _flatten(node)
        case exp.Lateral() | exp.TableFromRows() if isinstance(node.this, exp.SplitToTable):
            text = node.this.this
            split = _function("_FS_SPLIT_TO_TABLE", _seq(text), text, node.this.expression)
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
    return node


_BYTES = {"HEX": "HEX", "BASE64": "TO_BASE64", "UTF-8": "DECODE", "UTF8": "DECODE"}


def _of_bytes(form: exp.Expr | None) -> str | None:
    """Return the function that writes bytes in a format, None for one of numbers."""
    return _BYTES.get(form.name.upper()) if isinstance(form, exp.Literal) else None


def _function(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _is_random(node: exp.Expr) -> bool:
    source = node.args.get("gen") or node.args.get("generator")
    return source is None or source.find(exp.Rand) is not None


def _trim(node: exp.Trim) -> exp.Expr:
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(
        str(node.args.get("position")).upper(), "TRIM"
    )
    arguments = [exp.cast(node.this, "varchar")]
    if node.expression:
        arguments.append(node.expression)
    return _function(name, *arguments)


def _calls(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == name


def _ratio_to_report(node: exp.Window) -> exp.Expr:
    value = node.this.expressions[0]
    total = node.copy()
    total.set("this", _function("SUM", value.copy()))
    return exp.paren(
        exp.Div(this=value.copy(), expression=_function("NULLIF", total, exp.Literal.number(0)))
    )


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
    if any(o is not None and not isinstance(o, exp.Literal) for o in (path, mode)):
        raise refusals.refused("flatten option")
    value = values["INPUT"]
    seq = _seq(value)
    path = path if path is not None else exp.Literal.string("")
    kind = exp.Literal.string(mode.name.upper() if mode is not None else "BOTH")
    only = exp.Boolean(this=outer)
    if _is_true(values.get("RECURSIVE")):
        call = _function("_FS_FLATTEN_ROWS", seq, value, path, only, exp.true(), kind)
    else:
        call = _function("_FS_FLATTEN", seq, value, path, kind, only)
    return exp.Table(this=call, alias=node.args.get("alias"))


def _seq(value: exp.Expr) -> exp.Expr:
    """Return the number of a table function's input: of several, equal ones share theirs."""
    return exp.null() if value.find(exp.Column) else exp.Literal.number(1)


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
