"""Rewrites a Snowflake statement where fakesnow's own translation to DuckDB would go wrong."""

from sqlglot import exp
from sqlglot.transforms import eliminate_join_marks

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import refusals
from snowflake_stand_in.translation import operand_types

_TABLE_PROPERTIES = (exp.TemporaryProperty, exp.SchemaCommentProperty)
_KEYS = (
    exp.PrimaryKeyColumnConstraint,
    exp.UniqueColumnConstraint,
    exp.Reference,
    exp.CommentColumnConstraint,
)
_TABLE_KEYS = (exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey, exp.Constraint)

_WHOLE = ("HUGEINT", "INTEGER", "SMALLINT", "TINYINT")
_NOTHING = exp.cast(exp.Literal.string("[]"), "json")


def leave_nulls_out(statement: exp.Expr) -> None:
    """Make LISTAGG and ARRAY_AGG leave NULLs out, and something empty of nothing, in place."""
    whole: exp.Expr
    empty: exp.Expr
    for node in list(statement.find_all(exp.ArrayAgg, exp.GroupConcat)):
        if isinstance(node, exp.GroupConcat):
            whole, empty = operand_types.outermost(node), exp.Literal.string("")
        else:
            value = node.this
            while isinstance(value, exp.Order | exp.Distinct):
                value = value.this if isinstance(value, exp.Order) else value.expressions[0]
            known = exp.Where(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.null())))
            whole, empty = node.find_ancestor(exp.Anonymous) or node, _NOTHING.copy()
            if not isinstance(node.parent, exp.Filter):
                node.replace(exp.Filter(this=node.copy(), expression=known))
        whole.replace(exp.Coalesce(this=whole.copy(), expressions=[empty]))


def quote(statement: exp.Expr) -> None:
    """Quote all names, in place: DuckDB alone reserves some words."""
    for identifier in statement.find_all(exp.Identifier):
        identifier.set("quoted", True)


def drop_keys(statement: exp.Expr) -> None:
    """Drop keys, in place: Snowflake records them and enforces none; DuckDB would enforce them."""
    if not isinstance(statement, exp.Create | exp.Alter):
        return
    schema = statement.this if isinstance(statement, exp.Create) else statement
    for column in schema.find_all(exp.ColumnDef):
        column.set(
            "constraints",
            [c for c in column.args.get("constraints") or [] if not isinstance(c.kind, _KEYS)],
        )
    if isinstance(schema, exp.Schema):
        schema.set("expressions", [e for e in schema.expressions if not isinstance(e, _TABLE_KEYS)])


def drop_properties(statement: exp.Expr) -> None:
    """Drop TRANSIENT, COPY GRANTS, CLUSTER BY and the like, in place: they have no meaning here."""
    if not isinstance(statement, exp.Create | exp.Alter):
        return
    kind = str(statement.args.get("kind") or "").upper()
    properties = statement.args.get("properties")
    if properties is not None and kind in ("TABLE", "VIEW"):
        kept = [p for p in properties.expressions if isinstance(p, _TABLE_PROPERTIES)]
        properties.set("expressions", kept)


def write_star_out(statement: exp.Expr) -> None:
    """Name what the star of CREATE TABLE (…) AS SELECT * is: fakesnow asks in a wrong dialect."""
    if not isinstance(statement, exp.Create) or not isinstance(statement.this, exp.Schema):
        return
    query = statement.expression.unnest() if statement.expression else None
    # One with EXCLUDE is another star
    if not isinstance(query, exp.Select) or query.expressions != [exp.Star()]:
        return
    source = query.args["from_"].this if query.args.get("from_") else None
    more = query.args.get("joins") or query.args.get("laterals")
    if more or not isinstance(source, exp.Subquery) or source.alias_column_names:
        return
    names = [projection.args.get("alias") or projection.this for projection in source.selects]
    if names and all(isinstance(name, exp.Identifier) for name in names):
        query.set("expressions", [exp.column(name.copy()) for name in names])


def drop_dual(statement: exp.Expr) -> None:
    """Drop FROM DUAL, Snowflake's table of one row, in place."""
    for select in statement.find_all(exp.Select):
        source = select.args.get("from_")
        table = source.this if isinstance(source, exp.From) else None
        if (
            isinstance(table, exp.Table)
            and table.name.upper() == "DUAL"
            and not (table.db or select.args.get("joins") or select.args.get("laterals"))
        ):
            select.set("from_", None)


def write_joins_out(statement: exp.Expr) -> exp.Expr | None:
    """Make joins of the marks (+) in conditions, which DuckDB would pass over."""
    marked = [c for c in statement.find_all(exp.Column) if c.args.get("join_mark")]
    if not marked:
        return None
    for column in marked:
        condition: exp.Expr = column
        while condition.parent is not None and isinstance(condition.parent, exp.Binary | exp.Paren):
            if isinstance(condition.parent, exp.And):
                break
            condition = condition.parent
        if not all(c.table for c in condition.find_all(exp.Column)):
            raise refusals.refused("join mark")
    return eliminate_join_marks(statement)


def name_columns(statement: exp.Expr) -> None:
    """Name a query's unaliased expressions as Snowflake does, by their text, in place."""
    query = statement.expression if isinstance(statement, exp.Create) else statement
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    for projection in query.expressions:
        if (
            not isinstance(
                projection,
                exp.Alias | exp.Aliases | exp.Column | exp.Star | exp.Dot | exp.Parameter,
            )
            and not projection.is_star
        ):
            name = projection.sql(dialect="snowflake").upper()
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))


def narrow_whole_numbers(cursor: Cursor, statement: exp.Expr) -> None:
    """Make whole numbers of CREATE … AS SELECT what NUMBER(38, 0) is here, BIGINT, in place."""
    query = statement.expression
    if not isinstance(statement, exp.Create) or not isinstance(query, exp.Query):
        return
    if query.find(exp.Placeholder):
        return
    wide = [name for name, kind, *_ in relations.described(cursor, query) if kind in _WHOLE]
    if wide:
        columns = {name: exp.column(exp.to_identifier(name, quoted=True)) for name in wide}
        casts = [
            exp.alias_(exp.cast(column, "bigint"), name, quoted=True)
            for name, column in columns.items()
        ]
        narrowed = exp.select(exp.Star(replace=casts)).from_(exp.Subquery(this=query.copy()))
        statement.set("expression", narrowed)
