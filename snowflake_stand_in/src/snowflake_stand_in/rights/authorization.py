"""What a statement needs the session's roles to hold, checked before it is rewritten and run.

A view's reader needs SELECT on the view alone; what the view reads, its owner must be able to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import (
    ACCOUNT,
    ADMIN,
    RELATIONS,
    Access,
    active_roles,
    require,
    require_owner,
)
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import error
from snowflake_stand_in.sql.names import TableName

_METADATA = ("INFORMATION_SCHEMA", "_FS_INFORMATION_SCHEMA")
_ALTERED = re.compile(
    r"(?P<kind>table|view|schema|database|stage|file format|sequence)\s+(?:if\s+exists\s+)?"
    r"(?P<name>(?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))*)",
    re.IGNORECASE,
)


def check(cursor: Cursor, statement: exp.Expr) -> None:
    """Raise Snowflake's error if the session's roles may not run a statement."""
    session = cursor.session
    _resolve_identifiers(statement)
    match statement:
        case exp.Query() | exp.Set():
            pass
        case exp.Insert():
            _require_write(session, statement, "INSERT")
            if statement.args.get("overwrite"):
                _require_write(session, statement, "DELETE")
        case exp.Update():
            _require_write(session, statement, "UPDATE", "SELECT")
        case exp.Delete():
            _require_write(session, statement, "DELETE", *(["SELECT"] * bool(_where(statement))))
        case exp.Merge():
            _require_write(session, statement, "SELECT", *_merged(statement))
        case exp.Copy() if isinstance(statement.this.this, exp.Var):
            _require_stage(session, statement.this.this.name)
        case exp.Copy():
            if _written(statement) is not None:
                _require_write(session, statement, "INSERT")
        case exp.TruncateTable():
            _require_write(session, statement, "TRUNCATE")
        case exp.Create():
            _check_create(cursor, statement)
        case exp.Drop() | exp.Alter() | exp.Comment():
            _check_change(cursor, statement)
            return
        case exp.Command() if str(statement.this).upper() == "ALTER":
            if match := _ALTERED.match(str(statement.expression).strip()):
                kind = match["kind"].upper()
                name = securables.full_name(session, kind, match["name"])
                require(session, "OWNERSHIP", kind, name, match["name"].upper())
            return
        case exp.Command() if str(statement.this).upper() in ("REMOVE", "RM"):
            _require_stage(session, str(statement.expression).split()[0])
            return
        case exp.Describe() if isinstance(statement.this, exp.Table):
            _check_describe(session, statement)
            return
        case exp.ListStage():
            _require_stage(session, statement.this.name)
            return
        case exp.Describe():
            pass
        case _:
            return
    for table in tables_read(statement):
        _check_read(session, table)
    if isinstance(statement, exp.Query | exp.Copy | exp.Create):
        for file_format in _formats(statement):
            name = securables.full_name(session, "FILE FORMAT", file_format)
            require(session, "USAGE", "FILE FORMAT", name)


@contextmanager
def defining(cursor: Cursor, statement: exp.Expr) -> Iterator[None]:
    """Run DDL, then note what it made, renamed or dropped."""
    session = cursor.session
    access = session.account.service(Access)
    kind = _kind(statement)
    if kind not in securables.KINDS or _temporary(session, statement):
        yield
        return
    name = _defined(session, statement)
    existed = isinstance(statement, exp.Create) and _is_there(cursor, kind, name)
    sources = list(_sources(session, statement)) if kind == "VIEW" else []
    copies = statement.find(exp.CopyGrantsProperty) is not None
    renamed = statement.find(exp.AlterRename)
    swapped = statement.find(exp.SwapTable)
    if isinstance(statement, exp.Create) and not existed:
        # First the owner: whoever is killed in between may still create it
        access.created(kind, name, session.role or ADMIN, sources=sources)
        try:
            yield
        except BaseException:
            access.dropped(kind, name)
            raise
        if kind == "DATABASE":
            access.created("SCHEMA", f"{name}.PUBLIC", session.role or ADMIN)
        return
    yield
    if isinstance(statement, exp.Create):
        if statement.args.get("replace"):
            role = session.role or ADMIN
            access.created(kind, name, role, copy_grants=copies, sources=sources)
    elif isinstance(statement, exp.Drop):
        access.dropped(kind, name)
    elif renamed is not None:
        access.renamed(kind, name, _beside(name, renamed.this))
    elif swapped is not None:
        access.swapped(kind, name, _beside(name, swapped.this))


def seen(session: Session, kind: str, query: str) -> str:
    """Leave in SHOW's query what the session's roles can see, and give the owners."""
    name, kinds = _SHOWN_ROWS[kind]
    roles = active_roles(session)
    access = session.account.service(Access)
    columns = "*"
    if kind not in ("COLUMNS", "SEQUENCES"):
        among = ", ".join(f"'{kind}'" for kind in kinds)
        columns = (
            "* replace (coalesce((select max(g.grantee) from _fs_global.main.grants as g where "
            f"g.privilege = 'OWNERSHIP' and g.kind in ({among}) and g.name = {name}), '{ADMIN}') "
            "as owner)"
        )
    where = "true" if ADMIN in roles else f"{name} in ({_visible(access, roles, *kinds)})"
    return f"select {columns} from ({query}) as shown where {where}"


def hide_rows(cursor: Cursor, query: exp.Expr) -> None:
    """Leave in a query of the information schema what the session's roles can see, in place."""
    session = cursor.session
    roles = active_roles(session)
    if ADMIN in roles:
        return
    for table in list(query.find_all(exp.Table)):
        rows = _METADATA_ROWS.get(table.name.upper())
        if rows is None or table.db.upper() not in _METADATA:
            continue
        name, kinds = rows
        inner = table.copy()
        inner.set("alias", None)
        inner.set("joins", None)
        condition = f"{name} in ({_visible(session.account.service(Access), roles, *kinds)})"
        outer = (
            exp.select("*")
            .from_(inner)
            .where(condition, dialect="duckdb")
            .subquery(exp.to_identifier(table.alias or table.name, quoted=True))
        )
        outer.set("joins", table.args.get("joins"))
        table.replace(outer)


# Which columns of a result name an object of which kind
_SCHEMA_ROW = "shown.database_name || '.' || shown.name"
_OBJECT_ROW = "shown.database_name || '.' || shown.schema_name || '.' || shown.name"
_COLUMN_ROW = "shown.database_name || '.' || shown.schema_name || '.' || shown.table_name"
_SHOWN_ROWS = {
    "DATABASES": ("shown.name", ("DATABASE",)),
    "SCHEMAS": (_SCHEMA_ROW, ("SCHEMA",)),
    "TABLES": (_OBJECT_ROW, ("TABLE",)),
    "VIEWS": (_OBJECT_ROW, ("VIEW",)),
    "OBJECTS": (_OBJECT_ROW, RELATIONS),
    "COLUMNS": (_COLUMN_ROW, RELATIONS),
    "STAGES": (_OBJECT_ROW, ("STAGE",)),
    "FILE FORMATS": (_OBJECT_ROW, ("FILE FORMAT",)),
    "SEQUENCES": (_OBJECT_ROW, ("SEQUENCE",)),
}
_TABLE_ROW = "table_catalog || '.' || table_schema || '.' || table_name"
_METADATA_ROWS = {
    "_FS_TABLES": (_TABLE_ROW, RELATIONS),
    "_FS_VIEWS": (_TABLE_ROW, RELATIONS),
    "_FS_COLUMNS": (_TABLE_ROW, RELATIONS),
    "_FS_SCHEMATA": ("catalog_name || '.' || schema_name", ("SCHEMA",)),
    "DATABASES": ("database_name", ("DATABASE",)),
}


def _visible(access: Access, roles: frozenset[str], *kinds: str) -> str:
    visible = access.visible(roles, *kinds)
    if kinds == ("SCHEMA",):
        databases = access.visible(roles, "DATABASE")
        visible += [f"{database}.INFORMATION_SCHEMA" for database in databases]
        visible += [f"{database}.information_schema" for database in databases]
    return ", ".join(exp.Literal.string(v).sql(dialect="duckdb") for v in visible) or "null"


# Reading


def tables_read(statement: exp.Expr) -> Iterator[exp.Table]:
    """Yield the tables and stages that a statement reads: no CTEs, functions or foreign keys."""
    written = _written(statement)
    for table in statement.find_all(exp.Table):
        if table is written or table.find_ancestor(exp.Reference) is not None:
            continue
        named = isinstance(table.this, exp.Identifier) and (table.db or not _is_cte(table))
        if named or isinstance(table.this, exp.Var):
            yield table


def _written(statement: exp.Expr) -> exp.Table | None:
    this: object = None
    if isinstance(statement, exp.DML | exp.Create | exp.Copy):
        this = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    elif isinstance(statement, exp.TruncateTable):
        this = statement.expressions[0]
    return this if isinstance(this, exp.Table) else None


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


def _check_read(session: Session, table: exp.Table) -> None:
    if isinstance(table.this, exp.Var):
        _require_stage(session, table.this.name)
        return
    if table.db.upper() in _METADATA:
        database = securables.parts(table.catalog) if table.catalog else [session.database or ""]
        require(session, None, "DATABASE", database[0])
        return
    if isinstance(table.this, exp.Identifier):
        name = _full(session, table)
        if name in session.temporary or name.schema in _METADATA:
            return
        if source := session.account.source_of(name):
            kind, read = source
            require(session, "SELECT", kind, str(name), _written_name(table))
            name = read
        require(session, "SELECT", "TABLE", str(name), _written_name(table))
        _check_view(session.account.service(Access), str(name))


def _check_view(access: Access, view: str) -> None:
    """Raise Snowflake's error if a view's owner may no longer read what the view reads."""
    sources = access.view_sources.get(view)
    if not sources:
        return
    owner = access.inherited(access.owner("VIEW", view))
    for source in sources:
        if ADMIN not in owner and not access.held(owner, "TABLE", source) & {"SELECT", "OWNERSHIP"}:
            raise error(
                2037,
                f"SQL compilation error:\nFailure during expansion of view '{view.split('.')[-1]}':"
                f" SQL compilation error:\nObject '{source}' does not exist or not authorized.",
                "42601",
            )
        _check_view(access, source)


def _sources(session: Session, statement: exp.Expr) -> Iterator[str]:
    for table in tables_read(statement):
        if isinstance(table.this, exp.Identifier) and table.db.upper() not in _METADATA:
            yield str(_full(session, table))


def _require_stage(session: Session, reference: str) -> None:
    name = reference.strip("'").removeprefix("@").partition("/")[0]
    require(session, "USAGE", "STAGE", securables.full_name(session, "STAGE", name), name.upper())


def _formats(statement: exp.Expr) -> Iterator[str]:
    """Yield the named file formats that a statement uses."""
    for prop in statement.find_all(exp.Property):
        if isinstance(prop.this, exp.Var | exp.Identifier) and prop.name.upper() == "FORMAT_NAME":
            value = prop.args["value"]
            yield value.name if isinstance(value, exp.Literal) else value.sql(dialect="snowflake")
    for parameter in statement.find_all(exp.CopyParameter):
        named = parameter.args.get("expression")
        if parameter.name.upper() == "FILE_FORMAT" and named is not None:
            yield named.name if isinstance(named, exp.Literal) else named.sql(dialect="snowflake")
    for table in statement.find_all(exp.Table):
        if (given := table.args.get("format")) is not None:
            yield given.name if isinstance(given, exp.Literal) else given.sql(dialect="snowflake")


# Writing


def _require_write(session: Session, statement: exp.Expr, *privileges: str) -> None:
    table = _written(statement)
    name = names.target(statement, session.database, session.schema)
    if name in session.temporary:
        return
    for privilege in privileges:
        written = _written_name(table) if table is not None else None
        require(session, privilege, "TABLE", str(name), written)


def _where(statement: exp.Delete) -> bool:
    return bool(statement.args.get("where") or statement.args.get("using"))


def _merged(statement: exp.Merge) -> set[str]:
    actions = set()
    for when in statement.args["whens"].expressions:
        then = when.args["then"]
        word = then.name.upper() if isinstance(then, exp.Var) else then.key.upper()
        actions.add("INSERT" if word.startswith("INSERT") else word)
    return actions


# Defining


def _kind(statement: exp.Expr) -> str:
    kind = str(statement.args.get("kind") or "").upper()
    return "TABLE" if kind == "COLUMN" else kind


def _defined(session: Session, statement: exp.Expr) -> str:
    """Return the full name of what a DDL statement is about."""
    kind = _kind(statement)
    this = statement.this
    if isinstance(statement, exp.Drop):
        this = (statement.args.get("tables") or [this])[0]
    if isinstance(this, exp.Schema):
        this = this.this
    if isinstance(statement, exp.Comment) and isinstance(this, exp.Column):
        found = [this.args.get(part) for part in ("catalog", "db", "table")]
    else:
        found = [this.args.get(part) for part in ("catalog", "db", "this")]
    written = ".".join(f'"{names.normal(part)}"' for part in found if part)
    return securables.full_name(session, kind, written)


def _temporary(session: Session, statement: exp.Expr) -> bool:
    if isinstance(statement, exp.Create):
        return statement.find(exp.TemporaryProperty) is not None
    kind = _kind(statement)
    if kind not in RELATIONS:
        return False
    name = _defined(session, statement)
    return any(str(known) == name for known in session.temporary)


def _is_there(cursor: Cursor, kind: str, name: str) -> bool:
    kinds = RELATIONS if kind in RELATIONS else (kind,)
    return any(securables.exists(cursor, k, name) for k in kinds)


def _check_create(cursor: Cursor, statement: exp.Create) -> None:
    session = cursor.session
    kind = _kind(statement)
    if kind not in securables.KINDS:
        return
    name = _defined(session, statement)
    container, _, _ = name.rpartition(".")
    if kind == "DATABASE":
        require(session, "CREATE DATABASE", *ACCOUNT)
    elif kind == "SCHEMA":
        require(session, "CREATE SCHEMA", "DATABASE", container)
    elif kind == "TABLE" and _temporary(session, statement):
        require(session, "USAGE", "SCHEMA", container)
    else:
        require(session, f"CREATE {kind}", "SCHEMA", container)
    if (
        statement.args.get("replace")
        and not _temporary(session, statement)
        and _is_there(cursor, kind, name)
    ):
        require_owner(session, kind, name)
    for prop in statement.find_all(exp.Property):
        if isinstance(prop.this, exp.Var) and prop.name.upper() == "STORAGE_INTEGRATION":
            require(session, "USAGE", "INTEGRATION", prop.args["value"].name.upper())


def _check_change(cursor: Cursor, statement: exp.Expr) -> None:
    session = cursor.session
    kind = _kind(statement)
    if kind not in securables.KINDS or _temporary(session, statement):
        return
    name = _defined(session, statement)
    if statement.args.get("exists") and not _is_there(cursor, kind, name):
        return
    require(session, "OWNERSHIP", kind, name)
    if renamed := statement.find(exp.AlterRename):
        schema = _beside(name, renamed.this).rpartition(".")[0]
        require(session, f"CREATE {kind}", "SCHEMA", schema)
    if swapped := statement.find(exp.SwapTable):
        require(session, "OWNERSHIP", kind, _beside(name, swapped.this))


def _check_describe(session: Session, statement: exp.Describe) -> None:
    kind = str(statement.args.get("kind") or "TABLE").upper()
    if kind not in ("TABLE", "VIEW", "STAGE"):
        return
    name = _full(session, statement.this)
    if name not in session.temporary and name.schema not in _METADATA:
        require(session, None, kind, str(name), _written_name(statement.this))


# Names


def _full(session: Session, table: exp.Table) -> TableName:
    return names.full(table, session.database, session.schema)


def _beside(name: str, table: exp.Table) -> str:
    """Return the full name of a table that ALTER names beside another."""
    database, schema, _ = name.split(".")
    return str(names.full(table, database, schema))


def _written_name(table: exp.Table) -> str:
    found = [table.args.get(part) for part in ("catalog", "db", "this")]
    return ".".join(names.normal(part) for part in found if part)


def _resolve_identifiers(statement: exp.Expr) -> None:
    """Put the names that IDENTIFIER('…') gives in its place; a bound name is refused."""
    for dynamic in list(statement.find_all(exp.DynamicIdentifier)):
        table = dynamic.parent
        if not isinstance(table, exp.Table):
            continue
        if not isinstance(dynamic.this, exp.Literal):
            raise error(2, "Unsupported feature: IDENTIFIER of anything but a literal", "0A000")
        found = exp.to_table(dynamic.this.name, dialect="snowflake")
        for part in ("this", "db", "catalog"):
            table.set(part, found.args.get(part))
