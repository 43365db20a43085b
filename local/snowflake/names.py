"""Names of tables: qualified as Snowflake does, temporary ones kept apart for each session."""

from sqlglot import exp

from local.snowflake.errors import error
from local.snowflake.locks import TableName


def normal(identifier: exp.Expr | None) -> str:
    """Return an identifier's stored form: upper case unless quoted."""
    assert isinstance(identifier, exp.Identifier)
    name = str(identifier.this)
    return name if identifier.quoted else name.upper()


def full(table: exp.Table, database: str | None, schema: str | None) -> TableName:
    """Return a table's full name, given the session's database and schema."""
    db = normal(table.args["db"]) if table.args.get("db") else schema
    catalog = normal(table.args["catalog"]) if table.args.get("catalog") else database
    if not catalog:
        raise error(
            90105,
            "Cannot perform this statement. This session does not have a current database. "
            "Call 'USE DATABASE', or use a qualified name.",
        )
    if not db:
        raise error(
            90106,
            "Cannot perform this statement. This session does not have a current schema. "
            "Call 'USE SCHEMA', or use a qualified name.",
        )
    return TableName(catalog, db, normal(table.this))


def target(statement: exp.Expr, database: str | None, schema: str | None) -> TableName:
    """Return the table that a statement writes, creates or drops."""
    this = statement.this
    if isinstance(statement, exp.Drop):
        this = statement.args["tables"][0] if statement.args.get("tables") else this
    if isinstance(statement, exp.TruncateTable):
        this = statement.expressions[0]
    if isinstance(this, exp.Schema):
        this = this.this
    if not isinstance(this, exp.Table) or not isinstance(this.this, exp.Identifier):
        this = statement.find(exp.Table)
    assert isinstance(this, exp.Table)
    return full(this, database, schema)


def physical(name: TableName) -> exp.Table:
    """Return where a temporary relation lives in DuckDB."""
    return exp.table_(exp.to_identifier(str(name), quoted=True), db="main", catalog="temp")


def table(name: TableName) -> exp.Table:
    """Return a reference to a table."""
    database, schema, own = (exp.to_identifier(part, quoted=True) for part in name)
    return exp.table_(own, db=schema, catalog=database)


def qualify(statement: exp.Expr, database: str | None, schema: str | None) -> exp.Expr:
    """Complete the names of the tables in `statement`, in place; names of CTEs stay."""
    if not database or isinstance(statement, exp.Show | exp.Use | exp.Describe):
        return statement
    kind = str(statement.args.get("kind") or "TABLE").upper()
    if isinstance(statement, exp.DDL | exp.Drop) and kind not in ("TABLE", "VIEW"):
        return statement
    for table in list(statement.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
            continue
        if not table.db and (normal(table.this) in _ctes(table) or not schema):
            continue
        if table.db.upper() == "INFORMATION_SCHEMA":
            continue
        if not table.db:
            table.set("db", exp.to_identifier(schema, quoted=True))
        table.set("catalog", exp.to_identifier(database, quoted=True))
    return statement


def resolve_temporary(statement: exp.Expr, temporary: dict[TableName, str]) -> exp.Expr:
    """Point references to this session's temporary relations to where they live."""
    if not temporary:
        return statement
    for table in list(statement.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            continue
        name = TableName(table.catalog, table.db, table.name)
        if name in temporary:
            alias = table.args.get("alias") or exp.TableAlias(
                this=exp.to_identifier(name.name, quoted=True)
            )
            new = physical(name)
            read = isinstance(table.parent, exp.From | exp.Join) or table.arg_key == "using"
            new.set("alias", alias if read else table.args.get("alias"))
            for part in ("joins", "laterals", "pivots", "sample"):
                new.set(part, table.args.get(part))
            table.replace(new)
    return statement


def _ctes(table: exp.Expr) -> set[str]:
    found: set[str] = set()
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            found.update(normal(cte.args["alias"].this) for cte in with_.expressions)
        node = node.parent
    return found
