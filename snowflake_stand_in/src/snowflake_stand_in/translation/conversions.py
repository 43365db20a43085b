"""Conversions whose form depends on the types of operands, which `typed.py` asks for.

To a VARIANT, whose text has to tell a FLOAT from a NUMBER; of a VARIANT to the text that functions
of texts take; of texts to numbers and bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from snowflake_stand_in.sql import refusals, text_functions
from snowflake_stand_in.sql.time_macros import TZ_TYPE
from snowflake_stand_in.translation import time_values

ToText: TypeAlias = Callable[[exp.Expr, str], exp.Expr]
"""Writes a value of a DuckDB type as Snowflake does."""


def make_variant(node: exp.Anonymous, kind: str, to_text: ToText) -> None:
    """Make a VARIANT of a value, where DuckDB's JSON would have other digits or another form."""
    value = node.expressions[0].copy()
    if kind == "JSON":
        node.replace(value)
    elif kind.endswith("[]"):
        _variant_of_list(node, kind.removesuffix("[]"), to_text)
    elif kind in _TIMES and _asks_for_type(node):
        asked = node.find_ancestor(exp.Anonymous)
        assert asked is not None
        assert asked.parent is not None
        known = exp.Not(this=exp.Is(this=value, expression=exp.null()))
        named = exp.If(this=known, true=exp.Literal.string(_TIMES[kind]))
        asked.parent.replace(exp.Case(ifs=[named]))
    elif kind in ("DOUBLE", "FLOAT"):
        node.replace(exp.Anonymous(this="_FS_FLOAT_JSON", expressions=[value]))
    elif kind.startswith(("DECIMAL", "HUGEINT", "UHUGEINT")):
        node.replace(exp.cast(exp.cast(value, "text"), "json"))
    elif time_values.kind_of(kind) in time_values.ALL:
        node.set("expressions", [to_text(value, kind)])
    elif kind == "BLOB" and _is_of_text(node):
        raise refusals.refused("bytes")
    elif kind == "BLOB":
        node.set("expressions", [exp.Anonymous(this="HEX", expressions=[value])])


_TIMES = {
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ",
    TZ_TYPE: "TIMESTAMP_TZ",
}


def _is_of_text(node: exp.Anonymous) -> bool:
    """Whether it is the argument of a function of texts in Python."""
    called = node.parent.parent if node.parent is not None else None
    names = {function.__name__ for function in text_functions.FUNCTIONS}
    return isinstance(called, exp.Anonymous) and bool(
        called.expressions and called.expressions[0].name in names
    )


def _asks_for_type(node: exp.Expr) -> bool:
    """Whether a VARIANT is made only to ask TYPEOF of it: in JSON, a time is a text."""
    call = node.parent.parent if node.parent is not None else None
    return isinstance(call, exp.Anonymous) and bool(
        call.name == "_FS_TEXT_CALL" and call.expressions[0].name == "type_of"
    )


def _variant_of_list(node: exp.Anonymous, kind: str, to_text: ToText) -> None:
    """Make an ARRAY of DuckDB's list."""
    element = exp.Anonymous(this="TO_JSON", expressions=[exp.column("_fs_e")])
    holder = exp.Tuple(expressions=[element])
    make_variant(element, kind, to_text)
    if holder.expressions[0] is element:
        return
    each = exp.Lambda(this=holder.expressions[0], expressions=[exp.to_identifier("_fs_e")])
    values = exp.Anonymous(this="LIST_TRANSFORM", expressions=[node.expressions[0].copy(), each])
    node.set("this", "_FS_CALL")
    node.set("expressions", [exp.Literal.string("array_of"), values])


PLAIN = (
    "VARCHAR",
    "BOOLEAN",
    "DATE",
    "DOUBLE",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UBIGINT",
)
CONVERTED = {
    *exp.DataType.INTEGER_TYPES,
    exp.DType.DECIMAL,
    exp.DType.DOUBLE,
    exp.DType.FLOAT,
    exp.DType.BOOLEAN,
    exp.DType.BINARY,
    exp.DType.VARBINARY,
}


# What takes a VARIANT as its text
_TAKE_TEXT = (
    exp.Ascii,
    exp.Contains,
    exp.EndsWith,
    exp.GroupConcat,
    exp.Hex,
    exp.ILike,
    exp.Initcap,
    exp.Left,
    exp.Length,
    exp.Levenshtein,
    exp.Like,
    exp.Lower,
    exp.MD5,
    exp.MD5Digest,
    exp.Pad,
    exp.Repeat,
    exp.Replace,
    exp.Reverse,
    exp.Right,
    exp.SHA,
    exp.SplitPart,
    exp.StartsWith,
    exp.StrPosition,
    exp.Strtok,
    exp.Substring,
    exp.Translate,
    exp.Unicode,
    exp.Upper,
)
_TAKE_TEXT_TOO = ("REGEXP_FULL_MATCH", "REGEXP_EXTRACT_ALL")


def takes_text(node: exp.Expr) -> bool:
    """Whether it is a function of texts."""
    if isinstance(node, exp.Anonymous):
        return node.name in _TAKE_TEXT_TOO
    return isinstance(node, _TAKE_TEXT)


def texts(node: exp.Expr) -> list[exp.Expr]:
    """Return the arguments of a function of texts that may be VARIANTs."""
    values = node.expressions if node.expressions else [node.this]
    while isinstance(values[0], exp.Order | exp.Distinct):
        values = values[0].expressions if isinstance(values[0], exp.Distinct) else [values[0].this]
    return [v for v in values if not isinstance(v, exp.Literal | exp.Null | exp.Cast)]


def wants_text(node: exp.Expr) -> bool:
    """Whether a TRY_CAST is the statement's own: fakesnow makes others."""
    return bool(node.args.get("requires_string"))


def is_converted(node: exp.Cast) -> bool:
    """Whether a cast to a number or to bytes may be of what DuckDB reads otherwise."""
    return node.to.this in CONVERTED and not _is_number(node.this)


def _is_number(node: exp.Expr) -> bool:
    node = node.unnest()
    return (isinstance(node, exp.Literal) and not node.is_string) or isinstance(
        node, exp.JSONExtractScalar
    )


def convert(node: exp.Cast, kind: str) -> None:
    """Convert texts and FLOATs to numbers or bytes as Snowflake does."""
    value = node.this.copy()
    to_bytes = node.to.this in (exp.DType.BINARY, exp.DType.VARBINARY)
    if kind == "VARCHAR" and to_bytes:
        name = "_FS_TRY_UNHEX" if isinstance(node, exp.TryCast) else "_FS_UNHEX"
        node.replace(exp.Anonymous(this=name, expressions=[value]))
    elif kind == "VARCHAR" and node.to.this == exp.DType.BOOLEAN:
        if not isinstance(node, exp.TryCast):
            node.replace(exp.Anonymous(this="_FS_BOOLEAN", expressions=[value]))
    elif kind == "VARCHAR":
        if isinstance(value, exp.Literal) and value.name.strip().lstrip("+-").isdigit():
            return
        name = "_FS_NUMERIC_OR_NULL" if isinstance(node, exp.TryCast) else "_FS_NUMERIC"
        node.set("this", exp.Anonymous(this=name, expressions=[value]))
    elif kind == "DOUBLE" and node.to.this in exp.DataType.INTEGER_TYPES:
        # DuckDB's cast rounds halves to even
        node.set("this", exp.Anonymous(this="ROUND", expressions=[value]))
