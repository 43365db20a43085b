"""What the product's SQL must not use: the stand-in does it otherwise, or an account dearly.

Each rule is a predicate on a node of sqlglot's tree, with the reason and a statement that breaks
it. Where the stand-in refuses there is no need for one: tests run into that.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlglot import exp


class Rule(NamedTuple):
    """A rule: where it applies, why, and an example of what breaks it."""

    applies: Callable[[exp.Expr], bool]
    reason: str
    example: str


_ZONED = (
    exp.DataType.Type.TIMESTAMPTZ,
    exp.DataType.Type.TIMESTAMPLTZ,
)
_NESTED = (exp.Array, exp.ArrayAgg, exp.Struct, exp.ObjectAgg, exp.JSONKeys)
# The columns of the product that hold objects
_OBJECTS = ("event", "metrics", "outcome", "parameters", "payload")
_COMPARISONS = (exp.EQ, exp.NEQ, exp.In, exp.Between, exp.NullSafeEQ, exp.Distinct)
_DIGESTS = (exp.MD5, exp.SHA, exp.SHA2)


def _is_variant(node: exp.Expr | None) -> bool:
    """Whether an expression is a VARIANT by its form: a path without a cast."""
    return node is not None and isinstance(
        node.unnest(), exp.JSONExtract | exp.ParseJSON | exp.GetExtract
    )


def _compares_variant(node: exp.Expr) -> bool:
    if isinstance(node, _COMPARISONS):
        assigns = isinstance(node.parent, exp.Update) and node.arg_key == "expressions"
        return not assigns and any(map(_is_variant, node.iter_expressions()))
    if isinstance(node, exp.Group):
        return any(map(_is_variant, node.expressions))
    if isinstance(node, exp.Window):
        return any(map(_is_variant, node.args.get("partition_by") or []))
    return isinstance(node, _DIGESTS) and _is_variant(node.this)


def _unaliased(node: exp.Expr) -> bool:
    """Whether a table or view is made of a query with an expression that has no name."""
    if not isinstance(node, exp.Create) or str(node.args.get("kind")) not in ("TABLE", "VIEW"):
        return False
    query = node.expression
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    if not isinstance(query, exp.Select) or isinstance(node.this, exp.Schema):
        return False
    return not all(isinstance(e, exp.Alias | exp.Column | exp.Star) for e in query.expressions)


def _text_of_object(node: exp.Expr) -> bool:
    """Whether a VARIANT that holds an object becomes text."""
    if isinstance(node, exp.Cast) and node.is_type("text", "varchar"):
        return isinstance(node.this, exp.Column) and node.this.name.lower() in _OBJECTS
    return isinstance(node, exp.JSONFormat) or (
        isinstance(node, exp.Anonymous) and node.name.upper() == "TO_JSON"
    )


_TIMES = (
    exp.DType.DATE,
    exp.DType.TIME,
    exp.DType.TIMESTAMP,
    exp.DType.TIMESTAMPNTZ,
)
_TEXTS = (exp.DPipe, exp.Concat, exp.Left, exp.Substring, exp.Replace, exp.JSONExtract)
_TO_TIMES = ("TO_TIMESTAMP_NTZ", "TRY_TO_TIMESTAMP_NTZ")


def _is_text(node: exp.Expr) -> bool:
    """Whether an expression is a text, or a VARIANT that may hold one, by its form."""
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return node.is_type("varchar", "text")
    return isinstance(node, _TEXTS) or (isinstance(node, exp.Literal) and node.is_string)


def _follows_session_format(node: exp.Expr) -> bool:
    """Whether a text becomes a time without a format."""
    if isinstance(node, exp.Cast):
        return node.to.this in _TIMES and _is_text(node.this)
    if isinstance(node, exp.TsOrDsToDate):
        return node.args.get("format") is None and _is_text(node.this)
    called = isinstance(node, exp.Anonymous) and node.name.upper() in _TO_TIMES
    return called and len(node.expressions) == 1 and _is_text(node.expressions[0])


def _scans_bronze(node: exp.Expr) -> bool:
    """Whether Bronze is read or deleted from without constants for file_name; views aren't read."""
    if not isinstance(node, exp.Table) or node.name.upper() != "BRONZERAW":
        return False
    read = isinstance(node.parent, exp.From | exp.Join)
    reader = node.find_ancestor(exp.Select) if read else node.parent
    if not isinstance(reader, exp.Select | exp.Delete) or node.find_ancestor(exp.Create):
        return False
    where = reader.args.get("where")
    bounds = where.find_all(exp.GTE, exp.LTE) if where is not None else ()
    return len([b for b in bounds if b.this.name.lower() == "file_name"]) < 2


def _gives_nested(node: exp.Expr) -> bool:
    """Whether a query that is sent has an OBJECT or ARRAY among its columns."""
    return (
        isinstance(node, exp.Select)
        and node.parent is None
        and any(isinstance(e.unalias(), _NESTED) for e in node.expressions)
    )


RULES: dict[str, Rule] = {
    "zoned-timestamp": Rule(
        lambda n: isinstance(n, exp.DataType) and n.this in _ZONED,
        "times are TIMESTAMP_NTZ in UTC: one with a zone depends on the session",
        "select '2015-01-01T00:00:00-07:00'::timestamp_tz as at",
    ),
    "variant-comparison": Rule(
        _compares_variant,
        "a VARIANT's text isn't normalised (key order, white space): cast to a scalar type first",
        "select count(*) as n from t where event:actor = parse_json('{}')",
    ),
    "variant-text": Rule(
        _text_of_object,
        "an object's keys keep their order: never rely on its text",
        "select event::varchar as text from t",
    ),
    "quoted-identifier": Rule(
        lambda n: (
            isinstance(n, exp.Identifier)
            and bool(n.args.get("quoted"))
            and n.name != n.name.upper()
        ),
        "quoted names mind no case",
        'select "lower" from t',
    ),
    "unnamed-column": Rule(
        _unaliased,
        "what a table or view calls an expression without an alias can differ",
        "create view v as select count(*) from t",
    ),
    "nested-type": Rule(
        _gives_nested,
        "OBJECT and ARRAY are described as VARIANT: keep them within the query",
        "select array_agg(n) as ns from t",
    ),
    "session-format": Rule(
        _follows_session_format,
        "an account's or user's DATE_INPUT_FORMAT and its like decide: give a format",
        "select event:created_at::timestamp_ntz as created_at from t",
    ),
    "bronze-scan": Rule(
        _scans_bronze,
        "Snowflake prunes by constants alone: give bounds of file_name",
        "select count(*) as n from bronze.BronzeRaw",
    ),
    "values-of-calls": Rule(
        lambda n: (
            isinstance(n, exp.Values) and n.find(exp.ParseJSON, exp.Array, exp.Struct) is not None
        ),
        "Snowflake takes no semi-structured calls in VALUES: insert by SELECT",
        "insert into t values (parse_json('{}'))",
    ),
}


def broken(statement: exp.Expr, *, is_sent: bool = True) -> Iterator[str]:
    """Yield the names of the rules that a statement breaks; one within a block isn't sent."""
    for name, rule in RULES.items():
        if not is_sent and name == "nested-type":
            continue
        if any(rule.applies(node) for node in statement.walk()):
            yield name
