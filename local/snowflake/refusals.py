"""What the stand-in refuses, because it would silently do something else than Snowflake."""

from collections.abc import Callable

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from local.snowflake.errors import unsupported

REASONS = {
    "flatten outer": "FLATTEN(OUTER => TRUE) would drop the rows that have nothing to flatten",
    "flatten recursive": "FLATTEN(RECURSIVE => TRUE) would flatten one level only",
    "flatten mode": "FLATTEN(MODE => …) would be ignored",
    "flatten path": "FLATTEN(PATH => …) would be ignored: write the path in INPUT",
    "left join lateral": "LEFT JOIN LATERAL would drop the rows without a match",
    "truncate in transaction": "TRUNCATE inside a transaction: use DELETE",
    "dynamic table": "a dynamic table would never refresh",
    "materialized view": "a materialized view would be a plain one: create a view",
    "swap": "ALTER TABLE … SWAP WITH",
    "undrop": "UNDROP: dropped objects are gone",
    "time travel": "AT and BEFORE: the stand-in keeps no history",
    "changes": "CHANGES: the stand-in keeps no history",
    "external table": "external tables: query or copy from the stage",
    "procedure": "procedures and scripting",
    "function": "user-defined functions",
    "database": "this form of CREATE, ALTER DATABASE",
    "collation": "collations would be ignored",
    "masking": "masking and row access policies would not apply",
    "connect by": "CONNECT BY",
    "match recognize": "MATCH_RECOGNIZE",
    "hll": "HLL and APPROX functions estimate differently here: use COUNT(DISTINCT …)",
    "hash": "HASH gives other values than Snowflake's: use SHA2 or MD5",
    "offset format": "an offset (TZH, TZM) in a timestamp's format: cast the text instead",
    "array function": "ARRAY_TO_STRING, ARRAY_SLICE, ARRAY_APPEND, ARRAY_REMOVE",
    "pivot": "PIVOT and UNPIVOT name their columns differently: use CASE or UNION ALL",
    "create like": "CREATE TABLE … LIKE and CLONE would lose constraints and defaults",
    "internal stage": "PUT, GET and internal stages",
    "statement": "this kind of statement",
    "multi-table insert": "multi-table INSERT",
    "result format": "number formats in TO_CHAR, TO_VARCHAR and TO_NUMBER",
}


def refused(reason: str) -> ProgrammingError:
    """Make the refusal for a key of REASONS."""
    return unsupported(REASONS[reason])


def _flatten(node: exp.Expr, option: str) -> bool:
    if not isinstance(node, exp.Explode):
        return False
    for argument in (node.this, *node.expressions):
        if isinstance(argument, exp.Kwarg) and argument.this.name.upper() == option:
            value = argument.expression
            return not (isinstance(value, exp.Boolean) and value.this is False)
    return False


def _named(node: exp.Expr, *names: str) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in names
    return isinstance(node, exp.Func) and bool(set(node.sql_names()) & set(names))


def _left_lateral(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Join) or str(node.args.get("side")).upper() != "LEFT":
        return False
    return isinstance(node.this, exp.Lateral | exp.TableFromRows) or (
        isinstance(node.this, exp.Subquery) and isinstance(node.this.parent, exp.Lateral)
    )


def _kind(node: exp.Expr, *kinds: str) -> bool:
    return isinstance(node, exp.Create) and str(node.args.get("kind")).upper() in kinds


_RULES: list[tuple[str, Callable[[exp.Expr], bool]]] = [
    ("flatten outer", lambda n: _flatten(n, "OUTER")),
    ("flatten recursive", lambda n: _flatten(n, "RECURSIVE")),
    ("flatten mode", lambda n: _flatten(n, "MODE")),
    ("flatten path", lambda n: _flatten(n, "PATH")),
    ("left join lateral", _left_lateral),
    ("dynamic table", lambda n: isinstance(n, exp.DynamicProperty)),
    ("materialized view", lambda n: isinstance(n, exp.MaterializedProperty)),
    ("external table", lambda n: isinstance(n, exp.ExternalProperty)),
    ("swap", lambda n: isinstance(n, exp.SwapTable)),
    ("undrop", lambda n: isinstance(n, exp.Undrop)),
    ("time travel", lambda n: isinstance(n, exp.HistoricalData)),
    ("changes", lambda n: isinstance(n, exp.Changes)),
    ("procedure", lambda n: _kind(n, "PROCEDURE") or _command(n, "CALL", "EXECUTE", "DECLARE")),
    ("function", lambda n: _kind(n, "FUNCTION")),
    (
        "collation",
        lambda n: isinstance(n, exp.Collate | exp.CollateColumnConstraint),
    ),
    ("connect by", lambda n: isinstance(n, exp.Connect)),
    ("match recognize", lambda n: isinstance(n, exp.MatchRecognize)),
    (
        "hll",
        lambda n: _named(n, "HLL", "APPROX_COUNT_DISTINCT", "HLL_ACCUMULATE", "APPROX_PERCENTILE"),
    ),
    ("hash", lambda n: _named(n, "HASH", "HASH_AGG")),
    ("pivot", lambda n: isinstance(n, exp.Pivot)),
    ("create like", lambda n: isinstance(n, exp.LikeProperty | exp.Clone)),
    ("internal stage", lambda n: isinstance(n, exp.Put | exp.Get)),
    ("statement", lambda n: _command(n, "EXPLAIN", "REMOVE", "UNLOAD", "GET", "RM")),
    ("multi-table insert", lambda n: isinstance(n, exp.MultitableInserts)),
]


def _command(node: exp.Expr, *words: str) -> bool:
    return isinstance(node, exp.Command) and str(node.this).upper() in words


def check(statement: exp.Expr) -> None:
    """Raise Snowflake's "unsupported feature" error if something here is refused."""
    for node in statement.walk():
        for reason, applies in _RULES:
            if applies(node):
                raise refused(reason)
