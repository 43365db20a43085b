"""Tables' names in a tree: completed, checked, and temporary ones kept apart for each session."""

import re

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.names import TableName


def ignore_case(cursor: Cursor, statement: exp.Expr) -> None:
    """Make quoted names upper case, in place, if QUOTED_IDENTIFIERS_IGNORE_CASE is set."""
    if cursor.session.settings["QUOTED_IDENTIFIERS_IGNORE_CASE"] != "true":
        return
    if isinstance(statement, exp.Command) and re.search(r'"[^"]*[a-z]', str(statement.expression)):
        raise unsupported("a quoted name in lower case here, under QUOTED_IDENTIFIERS_IGNORE_CASE")
    for identifier in statement.find_all(exp.Identifier):
        identifier.set("this", identifier.this.upper() if identifier.quoted else identifier.this)


def write_identifiers_out(statement: exp.Expr) -> None:
    """Put the name that IDENTIFIER('…') gives in its place; a bound name is refused."""
    for dynamic in list(statement.find_all(exp.DynamicIdentifier)):
        table = dynamic.parent
        if not isinstance(table, exp.Table):
            continue
        if not isinstance(dynamic.this, exp.Literal):
            raise unsupported("IDENTIFIER of anything but a literal")
        found = exp.to_table(dynamic.this.name, dialect="snowflake")
        for part in ("this", "db", "catalog"):
            table.set(part, found.args.get(part))


def qualify(cursor: Cursor, statement: exp.Expr) -> None:
    """Complete the names of the tables in `statement`, in place; names of CTEs stay."""
    database, schema = cursor.session.database, cursor.session.schema
    if not database or isinstance(statement, exp.Show | exp.Use | exp.Describe):
        return
    kind = str(statement.args.get("kind") or "TABLE").upper()
    if isinstance(statement, exp.DDL | exp.Drop) and kind not in ("TABLE", "VIEW"):
        return
    for table in list(statement.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
            continue
        if not table.db and (names.normal(table.this) in _ctes(table) or not schema):
            continue
        if table.db.upper() == "INFORMATION_SCHEMA":
            continue
        if not table.db:
            table.set("db", exp.to_identifier(schema, quoted=True))
        table.set("catalog", exp.to_identifier(database, quoted=True))


def check_case(cursor: Cursor, statement: exp.Expr) -> None:
    """Refuse names in lower case, which DuckDB would take for those in upper case.

    An alias in lower case is right as long as it is what a reference means, and the names of
    temporary relations are kept as they are.
    """
    if isinstance(statement, exp.Set):
        return
    if isinstance(statement, exp.Create | exp.Alter):
        _check_created(statement)
    aliases = {i.this for a in statement.find_all(exp.Alias) if (i := a.args.get("alias"))}
    aliases |= {i.this for a in statement.find_all(exp.TableAlias) for i in a.columns}
    aliases |= {a.alias for a in statement.find_all(exp.TableAlias)}
    quoted = {a.name for a in statement.find_all(exp.Identifier) if _is_lower(a)}
    if not quoted:
        return
    known = aliases | {name.name for name in cursor.session.temporary}
    if statement.find(exp.TemporaryProperty) is not None:
        known |= {t.name for t in statement.find_all(exp.Table)}
    for table in statement.find_all(exp.Table):
        if _is_lower(table.this) and table.name not in known:
            raise compilation(
                2003, f"Object '\"{table.name}\"' does not exist or not authorized.", "42S02"
            )
    if statement.find(exp.TableFromRows) or any(
        isinstance(t.this, exp.Var) for t in statement.find_all(exp.Table)
    ):
        return  # SHOW's columns by RESULT_SCAN, and a stage's, are in lower case
    for column in statement.find_all(exp.Column):
        if _is_lower(column.this) and column.name not in aliases:
            raise compilation(904, f"invalid identifier '\"{column.name}\"'")
        if isinstance(column.this, exp.Identifier):
            _check_subqueries(column)


def _check_subqueries(column: exp.Column) -> None:
    """Raise if DuckDB would find a column of a subquery by another case than its own."""
    select, name = column.find_ancestor(exp.Select), names.normal(column.this)
    if select is None or select.args.get("from_") is None:
        return
    for source in (select.args["from_"].this, *(j.this for j in select.args.get("joins") or [])):
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Select):
            made = {
                names.normal(alias)
                for e in source.this.expressions
                if isinstance(alias := e.args.get("alias") or e.this, exp.Identifier)
            }
            if name not in made and name.upper() in {m.upper() for m in made}:
                raise compilation(904, f"invalid identifier '{name}'")


def _check_created(statement: exp.Expr) -> None:
    named = [statement.this.this if isinstance(statement.this, exp.Schema) else statement.this]
    if statement.find(exp.TemporaryProperty) is not None:
        named = []
    named += [column.this for column in statement.find_all(exp.ColumnDef)]
    query = statement.expression if isinstance(statement, exp.Create) else None
    if isinstance(query, exp.Query):
        named += [e.args.get("alias") for e in query.selects if isinstance(e, exp.Alias)]
    for name in named:
        identifier = name.this if isinstance(name, exp.Table) else name
        if _is_lower(identifier):
            raise unsupported(
                f'the name "{identifier.name}": quoted names in lower case would be taken for '
                "those in upper case"
            )


def _is_lower(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Identifier) and node.quoted and node.name != node.name.upper()


def place_temporary(cursor: Cursor, statement: exp.Expr) -> None:
    """Point references to this session's temporary relations to where they live, in place."""
    temporary = cursor.session.temporary
    if not temporary:
        return
    for table in list(statement.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            continue
        name = TableName(table.catalog, table.db, table.name)
        if name in temporary:
            alias = table.args.get("alias") or exp.TableAlias(
                this=exp.to_identifier(name.name, quoted=True)
            )
            new = names.physical(name)
            read = isinstance(table.parent, exp.From | exp.Join) or table.arg_key == "using"
            new.set("alias", alias if read else table.args.get("alias"))
            for part in ("joins", "laterals", "pivots", "sample"):
                new.set(part, table.args.get(part))
            table.replace(new)


def _ctes(table: exp.Expr) -> set[str]:
    found: set[str] = set()
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            found.update(names.normal(cte.args["alias"].this) for cte in with_.expressions)
        node = node.parent
    return found
