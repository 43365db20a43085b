"""Functions that tell of the session or of types, and those that Snowflake lacks."""

from __future__ import annotations

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import unsupported
from snowflake_stand_in.sql.parsing import AS_WRITTEN, OWN, unknown_function

# Both DuckDB's and Snowflake's, and unknown to sqlglot; the last two are refused elsewhere
_BOTH = frozenset(("ST_ASGEOJSON", "ST_ASTEXT", "ST_ASWKB", "ST_ASWKT", "HASH", "MD5_NUMBER"))


def check_functions(cursor: Cursor, statement: exp.Expr) -> None:
    """Raise for a function that DuckDB has and Snowflake lacks."""
    for call in statement.find_all(exp.Anonymous):
        name = call.name.upper()
        known = name in _BOTH or name in OWN or name in AS_WRITTEN
        if name.startswith(("_FS_", "_FT_")) or (not known and name in _own_functions(cursor)):
            raise unknown_function(name)


_FOUND: set[str] = set()


def _own_functions(cursor: Cursor) -> set[str]:
    """Return the names of DuckDB's functions."""
    if not _FOUND:
        rows = cursor.rows(
            "select distinct upper(function_name) from duckdb_functions() where internal"
        )
        _FOUND.update(name for (name,) in rows)
    return _FOUND


def call_functions(_: Cursor, statement: exp.Expr) -> None:
    """Compute SYSTEM$TYPEOF of constants, in place."""
    for call in list(statement.find_all(exp.Anonymous)):
        if call.name.upper() == "SYSTEM$TYPEOF":
            call.replace(exp.Literal.string(_type_of(call.expressions[0])))


def _type_of(value: exp.Expr) -> str:
    match value:
        case exp.Null():
            return "NULL[LOB]"
        case exp.Boolean():
            return "BOOLEAN[SB1]"
        case exp.Literal() if value.is_string:
            return f"VARCHAR({len(value.name)})[LOB]"
        case exp.Literal() if value.is_int:
            digits = str(int(value.name))
            return f"NUMBER({len(digits)},0)[SB{_width(int(digits))}]"
        case exp.Concat() | exp.DPipe() if all(map(_is_text, _parts(value))):
            return f"VARCHAR({sum(len(part.name) for part in _parts(value))})[LOB]"
    raise unsupported("SYSTEM$TYPEOF of anything but a constant: use TYPEOF of a VARIANT")


def _width(number: int) -> int:
    """Return the bytes that hold a number."""
    return next(width for width in (1, 2, 4, 8, 16) if number < 2 ** (8 * width - 1))


def _parts(value: exp.Expr) -> list[exp.Expr]:
    return value.expressions or [value.this, value.expression]


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string
