"""NUMBERs computed to the digit, by the reference's "Arithmetic operators"."""

from __future__ import annotations

import re

from sqlglot import exp

from snowflake_stand_in.translation.operand_types import outermost

DIGITS = 38
# Behind the point of a product, unless a factor has more
_PRODUCT_DIGITS = 12
_HUGE = exp.DataType.build("hugeint", dialect="duckdb")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "NULL")


def divide(node: exp.Div, kinds: list[str]) -> None:
    """Divide as Snowflake does: NUMBERs to a NUMBER; by zero is an error."""
    scales = [scale_of(kind) for kind in kinds]
    if scales[0] is None or scales[1] is None:
        guarded = exp.Anonymous(this="_FS_NONZERO", expressions=[node.expression.copy()])
        literal = node.expression.unnest()
        if not (isinstance(literal, exp.Literal) and float(literal.name) != 0):
            node.set("expression", guarded)
        return
    node.replace(_quotient(node.this.copy(), scales[0], node.expression.copy(), scales[1]))


def is_whole_constant(node: exp.Expr) -> bool:
    """Whether a node is a constant without a fraction."""
    return isinstance(node, exp.Literal) and node.is_int


def multiply(node: exp.Mul, kinds: list[str]) -> None:
    """Round a product of NUMBERs that has more digits behind the point than Snowflake keeps."""
    scales = [scale for scale in map(scale_of, kinds) if scale is not None]
    kept = min(sum(scales), max(*scales, _PRODUCT_DIGITS)) if len(scales) == 2 else 0
    if len(scales) == 2 and sum(scales) > kept:
        sides = (node.this, node.expression)
        one, other = (_whole(n.copy(), s, s) for n, s in zip(sides, scales, strict=True))
        unit = _power(sum(scales) - kept, _HUGE)
        product = exp.Mul(this=one, expression=other)
        node.replace(_scaled(exp.Anonymous(this="_FS_QUOTIENT", expressions=[product, unit]), kept))


def _quotient(n: exp.Expr, n_scale: int, d: exp.Expr, d_scale: int) -> exp.Expr:
    """Divide NUMBERs exactly, rounding half away from zero, as Snowflake."""
    scale = max(n_scale, min(n_scale + 6, 12))
    whole = exp.Anonymous(
        this="_FS_QUOTIENT",
        expressions=[_whole(n, n_scale, scale + d_scale), _whole(d, d_scale, d_scale)],
    )
    return _scaled(whole, scale)


def _scaled(whole: exp.Expr, scale: int) -> exp.Expr:
    """Return a whole number's part that has so many digits behind the point."""
    unit = exp.cast(exp.Literal.string(f"1e-{scale}"), f"decimal({scale + 1}, {scale})")
    return exp.paren(
        exp.Mul(this=exp.cast(whole, f"decimal({DIGITS - scale - 1}, 0)"), expression=unit)
    )


def _whole(value: exp.Expr, scale: int, wanted: int) -> exp.Expr:
    """Return `value` times ten to the power of `wanted`, as a whole number."""
    if scale:
        # DuckDB multiplies decimals exactly only within 38 digits
        narrow = exp.cast(exp.paren(value), f"decimal({DIGITS - 1 - scale}, {scale})")
        value = exp.Mul(this=narrow, expression=_power(scale, f"decimal({scale + 1}, 0)"))
    whole = exp.cast(exp.paren(value), _HUGE)
    return exp.Mul(this=whole, expression=_power(wanted - scale, _HUGE))


def _power(exponent: int, kind: str | exp.DataType) -> exp.Expr:
    return exp.cast(exp.Literal.string(str(10**exponent)), kind)


def average(node: exp.Anonymous, kind: str) -> None:
    """Make AVG of a NUMBER its exact sum divided by its count."""
    if (scale := scale_of(kind)) is None:
        return
    whole = outermost(node)
    sides = []
    for name in ("SUM", "COUNT"):
        node.set("this", name)
        sides.append(whole.copy())
    none = exp.Anonymous(this="NULLIF", expressions=[sides[1], exp.Literal.number(0)])
    whole.replace(_quotient(sides[0], scale, none, 0))


def exact(node: exp.Expr, kind: str, digits: int) -> None:
    """Give a value so many digits more than its NUMBER has, in place."""
    if (scale := scale_of(kind)) is not None:
        whole = outermost(node)
        whole.replace(exp.cast(whole.copy(), f"decimal({DIGITS}, {scale + digits})"))


def scale_of(kind: str) -> int | None:
    """Return the scale of a type that is a NUMBER in Snowflake."""
    if match := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind):
        return int(match[1])
    return 0 if kind in _WHOLE else None
