"""Names of tables: what is written, what Snowflake stores, where it lies in DuckDB."""

from typing import NamedTuple

from sqlglot import exp

from snowflake_stand_in.sql.errors import error


class TableName(NamedTuple):
    """A table's full name, as Snowflake stores it."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        """Give the dotted name."""
        return ".".join(self)


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
