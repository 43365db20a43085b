"""Rewrites a Snowflake statement where fakesnow's own translation to DuckDB would go wrong."""

from sqlglot import exp

from snowflake_stand_in.sql import functions, names, typed

_TABLE_PROPERTIES = (exp.TemporaryProperty, exp.SchemaCommentProperty)
_KEYS = (
    exp.PrimaryKeyColumnConstraint,
    exp.UniqueColumnConstraint,
    exp.Reference,
    exp.CommentColumnConstraint,
)
_TABLE_KEYS = (exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey, exp.Constraint)

_NOTHING = exp.cast(exp.Literal.string("[]"), "json")


def before(statement: exp.Expr, database: str | None, schema: str | None) -> exp.Expr:
    """Return a copy with full names, Snowflake's column names and functions that translate."""
    copy = statement.copy()
    names.qualify(copy, database, schema)
    if isinstance(copy, exp.Create | exp.Alter):
        _drop_keys(copy)
        _drop_properties(copy)
        _name_what_a_star_is(copy)
    # From the leaves up: sqlglot's own transform doesn't look inside what it has replaced
    for node in reversed(list(copy.walk())):
        new = functions.before(node)
        if node is copy:
            copy = new
        elif new is not node:
            node.replace(new)
    return copy


def after(statement: exp.Expr) -> exp.Expr:
    """Make LISTAGG and ARRAY_AGG leave NULLs out, and something empty of nothing, in place."""
    whole: exp.Expr
    empty: exp.Expr
    for node in list(statement.find_all(exp.ArrayAgg, exp.GroupConcat)):
        if isinstance(node, exp.GroupConcat):
            whole, empty = typed.outermost(node), exp.Literal.string("")
        else:
            value = node.this
            while isinstance(value, exp.Order | exp.Distinct):
                value = value.this if isinstance(value, exp.Order) else value.expressions[0]
            known = exp.Where(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.null())))
            whole, empty = node.find_ancestor(exp.Anonymous) or node, _NOTHING.copy()
            if not isinstance(node.parent, exp.Filter):
                node.replace(exp.Filter(this=node.copy(), expression=known))
        whole.replace(exp.Coalesce(this=whole.copy(), expressions=[empty]))
    return statement


def _drop_keys(statement: exp.Expr) -> None:
    """Snowflake records keys and enforces none; DuckDB would enforce them."""
    schema = statement.this if isinstance(statement, exp.Create) else statement
    for column in schema.find_all(exp.ColumnDef):
        column.set(
            "constraints",
            [c for c in column.args.get("constraints") or [] if not isinstance(c.kind, _KEYS)],
        )
    if isinstance(schema, exp.Schema):
        schema.set("expressions", [e for e in schema.expressions if not isinstance(e, _TABLE_KEYS)])


def _drop_properties(statement: exp.Expr) -> None:
    """TRANSIENT, COPY GRANTS, CLUSTER BY and the like have no meaning here."""
    kind = str(statement.args.get("kind") or "").upper()
    properties = statement.args.get("properties")
    if properties is not None and kind in ("TABLE", "VIEW"):
        kept = [p for p in properties.expressions if isinstance(p, _TABLE_PROPERTIES)]
        properties.set("expressions", kept)


def _name_what_a_star_is(statement: exp.Expr) -> None:
    """Write the star of CREATE TABLE (…) AS SELECT * out: fakesnow would ask in a wrong dialect."""
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
