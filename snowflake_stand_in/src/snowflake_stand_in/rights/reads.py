"""Which tables and stages a statement reads and writes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from snowflake_stand_in.engine.session import Session
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.names import TableName

METADATA = ("INFORMATION_SCHEMA", "_FS_INFORMATION_SCHEMA")


def tables_read(statement: exp.Expr) -> Iterator[exp.Table]:
    """Yield the tables and stages that a statement reads: no CTEs, functions or foreign keys."""
    written = written_by(statement)
    for table in statement.find_all(exp.Table):
        if table is written or table.find_ancestor(exp.Reference) is not None:
            continue
        named = isinstance(table.this, exp.Identifier) and (table.db or not _is_cte(table))
        if named or isinstance(table.this, exp.Var):
            yield table


def written_by(statement: exp.Expr) -> exp.Table | None:
    """Return the table that a statement writes or creates."""
    this: object = None
    if isinstance(statement, exp.DML | exp.Create | exp.Copy):
        this = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    elif isinstance(statement, exp.TruncateTable):
        this = statement.expressions[0]
    return this if isinstance(this, exp.Table) else None


def full(session: Session, table: exp.Table) -> TableName:
    """Return a table\'s full name in a session."""
    return names.full(table, session.database, session.schema)


def _is_cte(table: exp.Table) -> bool:
    """Whether a name is a CTE's: one of a WITH around it, and not before that CTE itself."""
    name = names.normal(table.this)
    inside: exp.Expr = table
    node = table.parent
    while node is not None:
        if isinstance(node, exp.With):
            ctes = node.expressions
            own = next(i for i, cte in enumerate(ctes) if cte is inside)
            before = ctes[: own + 1] if node.args.get("recursive") else ctes[:own]
        else:
            with_ = node.args.get("with_")
            before = [] if with_ is None or with_ is inside else with_.expressions
        if any(names.normal(cte.args["alias"].this) == name for cte in before):
            return True
        inside, node = node, node.parent
    return False
