"""Functions of texts, bytes and numbers that DuckDB lacks, or whose results it gives otherwise."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.sql import refusals
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.translation.semi_structured import call

# Snowflake's functions: Python's, and the type of the result
_CALLS = {
    "BASE64_DECODE_STRING": ("base64_decode_string", "text"),
    "HEX_DECODE_STRING": ("hex_decode_string", "text"),
    "INSERT": ("insert_text", "text"),
    "MD5_NUMBER_LOWER64": ("md5_number_lower64", "hugeint"),
    "MD5_NUMBER_UPPER64": ("md5_number_upper64", "hugeint"),
    "SHA2": ("sha2", "text"),
    "SHA2_HEX": ("sha2", "text"),
    "SOUNDEX": ("soundex", "text"),
    "TRY_BASE64_DECODE_STRING": ("try_base64_decode_string", "text"),
    "TRY_HEX_DECODE_STRING": ("try_hex_decode_string", "text"),
}
# Functions that are macros of the same arguments
_MACROS = {
    "BIT_LENGTH": "_FS_BITS",
    "GETBIT": "_FS_GETBIT",
    "OCTET_LENGTH": "_FS_OCTETS",
    "WIDTH_BUCKET": "_FS_WIDTH_BUCKET",
}
# Those that are an error where they have no result; DuckDB gives NaN
_FINITE = (
    *(exp.Sqrt, exp.Ln, exp.Log, exp.Pow, exp.Exp),
    *(exp.Acos, exp.Asin, exp.Acosh, exp.Atanh),
)


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what a function of texts, bytes or numbers is in DuckDB, None for anything else."""
    match node:
        case exp.Anonymous() if node.name.upper() in _CALLS:
            return call(*_CALLS[node.name.upper()], node.expressions)
        case exp.Anonymous() if node.name.upper() in _MACROS:
            return exp.Anonymous(
                this=_MACROS[node.name.upper()], expressions=[e.copy() for e in node.expressions]
            )
        case exp.Unhex():
            return exp.Anonymous(this="_FS_UNHEX", expressions=[node.this.copy()])
        case exp.Contains() | exp.StartsWith() | exp.EndsWith():
            for part in ("this", "expression"):
                if isinstance(node.args[part], exp.Null):
                    node.set(part, exp.cast(exp.null(), "text"))
        case exp.Anonymous() if node.name.upper() == "BASE64_ENCODE":
            value, *shape = (e.copy() for e in node.expressions)
            found = exp.Anonymous(this="_FS_BASE64", expressions=[value])
            return call("base64_shaped", "text", [found, *shape]) if shape else found
        case exp.JarowinklerSimilarity():
            return call("jarowinkler_similarity", "bigint", [node.this, node.expression])
        case exp.Levenshtein():
            return _edit_distance(node)
        case exp.Upper():
            # DuckDB's is one letter
            sharp = exp.Replace(
                this=node.this.copy(),
                expression=exp.Literal.string("ß"),
                replacement=exp.Literal.string("SS"),
            )
            return exp.Upper(this=sharp)
        case exp.Substring() if _may_be_negative(node.args.get("start")):
            return _substring(node)
        case exp.Skewness():
            raise refusals.refused("skew")
        case exp.TryCast():
            _check_try_cast(node)
        case exp.ToBinary():
            return _to_binary(node)
        case _ if isinstance(node, _FINITE):
            return exp.Anonymous(this="_FS_FINITE", expressions=[node.copy()])
        case exp.Round() if isinstance(node.args.get("decimals"), exp.Null):
            return exp.null()
    return None


def _may_be_negative(start: exp.Expr | None) -> bool:
    return start is not None and not (isinstance(start, exp.Literal) and start.is_int)


def _substring(node: exp.Substring) -> exp.Expr:
    """Take nothing of a text from before its beginning; DuckDB takes what is after that."""
    length = exp.Length(this=node.this.copy())
    before = exp.LT(
        this=exp.Add(this=node.args["start"].copy(), expression=length),
        expression=exp.Literal.number(0),
    )
    return exp.Case(ifs=[exp.If(this=before, true=exp.Literal.string(""))], default=node.copy())


def _edit_distance(node: exp.Levenshtein) -> exp.Expr:
    found = exp.Anonymous(this="_FS_EDIT_DISTANCE", expressions=[node.this, node.expression])
    if (most := node.args.get("max_dist")) is None:
        return found
    limit = exp.Anonymous(this="GREATEST", expressions=[most.copy(), exp.Literal.number(0)])
    capped = exp.Anonymous(this="LEAST", expressions=[found, limit])
    # DuckDB's LEAST passes over NULLs
    unknown = exp.or_(*(exp.Is(this=n.copy(), expression=exp.null()) for n in (found, most)))
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.null())], default=capped)


def _check_try_cast(node: exp.TryCast) -> None:
    """Raise if TRY_CAST isn't of a text; `typed.py` looks at what has to be asked."""
    path = isinstance(node.this.unnest(), exp.JSONExtract | exp.Bracket)
    nested = node.to.this in (exp.DType.VARIANT, exp.DType.ARRAY, exp.DType.OBJECT)
    if path or nested:
        raise compilation(
            1065,
            f"Function TRY_CAST cannot be used with arguments of types "
            f"{'VARIANT' if path else 'VARCHAR'} and {node.to.sql(dialect='snowflake')}",
            "22023",
        )


def _to_binary(node: exp.ToBinary) -> exp.Expr:
    form = node.args.get("format")
    if form is not None and not (isinstance(form, exp.Literal) and form.is_string):
        raise refusals.refused("binary format")
    name = _BYTES.get(form.name.upper() if form is not None else "HEX")
    if name is None:
        raise refusals.refused("binary format")
    if node.args.get("safe") and name == "_FS_UNHEX":
        name = "_FS_TRY_UNHEX"
    found = exp.Anonymous(this=name, expressions=[exp.cast(node.this.copy(), "text")])
    if name == "_FS_TRY_UNHEX":
        return found
    return exp.Anonymous(this="TRY", expressions=[found]) if node.args.get("safe") else found


_BYTES = {"HEX": "_FS_UNHEX", "BASE64": "FROM_BASE64", "UTF-8": "ENCODE", "UTF8": "ENCODE"}
