"""What the stand-in refuses, because it would silently do something else than Snowflake."""

from collections.abc import Callable

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.sql.errors import unsupported

REASONS = {
    "flatten option": "FLATTEN with a PATH or MODE that is no constant",
    "flatten on": "LEFT JOIN LATERAL FLATTEN with a condition: use WHERE",
    "truncate in transaction": "TRUNCATE inside a transaction: use DELETE",
    "dynamic table": "a dynamic table would never refresh",
    "materialized view": "a materialized view would be a plain one: create a view",
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
    "offset difference": "DATEDIFF in days of TIMESTAMP_TZs: cast them to TIMESTAMP_NTZ",
    "offset key": "a TIMESTAMP_TZ as a key: cast it to TIMESTAMP_LTZ",
    "time format": "this format of dates and times: write a constant of documented elements",
    "time precision": "timestamps and times of a precision under 6: leave it out",
    "trunc part": "TRUNC with a second argument that is no constant",
    "time of text": "this part or date of a text or VARIANT: cast it to a DATE or TIMESTAMP_NTZ",
    "interval": "this form of INTERVAL: use DATEADD",
    "array function": "lambda functions of arrays",
    "object constant": "object constants {…} but of keys and values: use OBJECT_CONSTRUCT",
    "object star": "OBJECT_CONSTRUCT_KEEP_NULL(*) with EXCLUDE or ILIKE: name the columns",
    "star of a table": "t.* ILIKE in a function: name the columns",
    "binary format": "a format of TO_BINARY or TO_CHAR that is no constant of HEX, BASE64, UTF-8",
    "row order": "the order of rows (a, b) < (c, d): compare their values",
    "variant order": "the order of VARIANTs (MIN, MAX, ORDER BY, <): cast them",
    "text and number": "a text and a number as one type: cast one of them",
    "variant and text": "a VARIANT and a text as one type: cast one of them",
    "variant in": "a VARIANT IN anything but constants: cast it",
    "join mark": "(+) with columns that don't name their table",
    "skew": "SKEW, whose last digits are others in Snowflake",
    "time limit": "GENERATOR without ROWCOUNT: how many rows depends on the machine",
    "bytes": "this function of BINARYs: write them as texts first",
    "seed": "random values of a seed or constant are others in Snowflake: use RANDOM()",
    "asof": "ASOF JOIN: use QUALIFY ROW_NUMBER()",
    "pivot": "PIVOT and UNPIVOT name their columns differently: use CASE or UNION ALL",
    "create or alter": "CREATE OR ALTER of anything but a task",
    "create like": "CREATE TABLE … LIKE and CLONE would lose constraints and defaults",
    "get": "GET: read a stage with SELECT or COPY INTO",
    "unload": "COPY INTO a location: the stand-in loads, and doesn't unload",
    "statement": "this kind of statement",
    "multi-table insert": "multi-table INSERT",
    "result format": "number formats in TO_CHAR, TO_VARCHAR and TO_NUMBER",
}


def refused(reason: str) -> ProgrammingError:
    """Make the refusal for a key of REASONS."""
    return unsupported(REASONS[reason])


def _named(node: exp.Expr, *names: str) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in names
    return isinstance(node, exp.Func) and bool(set(node.sql_names()) & set(names))


def _kind(node: exp.Expr, *kinds: str) -> bool:
    return isinstance(node, exp.Create) and str(node.args.get("kind")).upper() in kinds


_ESTIMATES = (
    "HLL",
    "APPROX_COUNT_DISTINCT",
    "APPROX_PERCENTILE",
    "APPROX_TOP_K",
    "APPROXIMATE_JACCARD_INDEX",
    "APPROXIMATE_SIMILARITY",
    "HLL_ACCUMULATE",
    "MINHASH",
    "MINHASH_COMBINE",
)
_RULES: list[tuple[str, Callable[[exp.Expr], bool]]] = [
    ("asof", lambda n: isinstance(n, exp.Join) and n.args.get("method") == "ASOF"),
    ("dynamic table", lambda n: isinstance(n, exp.DynamicProperty)),
    ("materialized view", lambda n: isinstance(n, exp.MaterializedProperty)),
    ("external table", lambda n: isinstance(n, exp.ExternalProperty)),
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
        lambda n: isinstance(n, exp.ApproxQuantile) or _named(n, *_ESTIMATES),
    ),
    ("hash", lambda n: _named(n, "HASH", "HASH_AGG")),
    ("pivot", lambda n: isinstance(n, exp.Pivot)),
    ("create like", lambda n: isinstance(n, exp.LikeProperty | exp.Clone)),
    ("get", lambda n: isinstance(n, exp.Get)),
    (
        "unload",
        lambda n: (
            isinstance(n, exp.Copy)
            and isinstance(n.this, exp.Table)
            and isinstance(n.this.this, exp.Var | exp.Literal)
        ),
    ),
    ("statement", lambda n: _command(n, "EXPLAIN", "UNLOAD", "GET")),
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
