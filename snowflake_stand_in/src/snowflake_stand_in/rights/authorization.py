"""What a statement needs the session's roles to hold, checked before it is rewritten and run.

A view's reader needs SELECT on the view alone; what the view reads, its owner must be able to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.definitions import beside, is_temporary, is_there, kind_of, name_of
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN
from snowflake_stand_in.rights.reads import METADATA, full, tables_read, written_by
from snowflake_stand_in.rights.requirements import require, require_owner
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import error

_ALTERED = re.compile(
    r"(?P<kind>table|view|schema|database|stage|file format|sequence)\s+(?:if\s+exists\s+)?"
    r"(?P<name>(?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))*)",
    re.IGNORECASE,
)


def check(cursor: Cursor, statement: exp.Expr) -> None:
    """Raise Snowflake's error if the session's roles may not run a statement."""
    session = cursor.session
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
            _require_stage(cursor, statement.this.this.name, writes=True)
        case exp.Copy():
            if written_by(statement) is not None:
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
            _require_stage(cursor, str(statement.expression).split()[0], writes=True)
            return
        case exp.Describe() if isinstance(statement.this, exp.Table):
            _check_describe(session, statement)
            return
        case exp.Put():
            _require_stage(cursor, statement.args["target"].name, writes=True)
            return
        case exp.ListStage():
            _require_stage(cursor, statement.this.name)
            return
        case exp.Describe():
            pass
        case _:
            return
    for table in tables_read(statement):
        _check_read(cursor, table)
    if isinstance(statement, exp.Query | exp.Copy | exp.Create):
        for file_format in _formats(statement):
            name = securables.full_name(session, "FILE FORMAT", file_format)
            require(session, "USAGE", "FILE FORMAT", name)


def check_pipe(cursor: Cursor, copy: exp.Copy) -> None:
    """Raise unless a role may own a pipe with this COPY: it needs SELECT on the table as well."""
    check(cursor, copy)
    _require_write(cursor.session, copy, "SELECT")


def _check_read(cursor: Cursor, table: exp.Table) -> None:
    session = cursor.session
    if isinstance(table.this, exp.Var):
        _require_stage(cursor, table.this.name)
        return
    if table.db.upper() in METADATA:
        database = securables.parts(table.catalog) if table.catalog else [session.database or ""]
        require(session, None, "DATABASE", database[0])
        return
    if isinstance(table.this, exp.Identifier):
        name = full(session, table)
        if name in session.temporary or name.schema in METADATA:
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


def _require_stage(cursor: Cursor, reference: str, *, writes: bool = False) -> None:
    """Require USAGE on an external stage, READ or WRITE on an internal one."""
    name = reference.strip("'").removeprefix("@").partition("/")[0]
    full_name = securables.full_name(cursor.session, "STAGE", name)
    needed = "USAGE"
    if securables.is_internal_stage(cursor, full_name):
        needed = "WRITE" if writes else "READ"
    require(cursor.session, needed, "STAGE", full_name, name.upper())


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


def _require_write(session: Session, statement: exp.Expr, *privileges: str) -> None:
    table = written_by(statement)
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


def _check_create(cursor: Cursor, statement: exp.Create) -> None:
    session = cursor.session
    kind = kind_of(statement)
    if kind not in securables.KINDS:
        return
    name = name_of(session, statement)
    container, _, _ = name.rpartition(".")
    if kind == "DATABASE":
        require(session, "CREATE DATABASE", *ACCOUNT)
    elif kind == "SCHEMA":
        require(session, "CREATE SCHEMA", "DATABASE", container)
    elif kind == "TABLE" and is_temporary(session, statement):
        require(session, "USAGE", "SCHEMA", container)
    else:
        require(session, f"CREATE {kind}", "SCHEMA", container)
    if (
        statement.args.get("replace")
        and not is_temporary(session, statement)
        and is_there(cursor, kind, name)
    ):
        require_owner(session, kind, name)
    for prop in statement.find_all(exp.Property):
        if isinstance(prop.this, exp.Var) and prop.name.upper() == "STORAGE_INTEGRATION":
            require(session, "USAGE", "INTEGRATION", prop.args["value"].name.upper())


def _check_change(cursor: Cursor, statement: exp.Expr) -> None:
    session = cursor.session
    kind = kind_of(statement)
    if kind not in securables.KINDS or is_temporary(session, statement):
        return
    name = name_of(session, statement)
    if statement.args.get("exists") and not is_there(cursor, kind, name):
        return
    require(session, "OWNERSHIP", kind, name)
    if renamed := statement.find(exp.AlterRename):
        schema = beside(name, renamed.this).rpartition(".")[0]
        require(session, f"CREATE {kind}", "SCHEMA", schema)
    if swapped := statement.find(exp.SwapTable):
        require(session, "OWNERSHIP", kind, beside(name, swapped.this))


def _check_describe(session: Session, statement: exp.Describe) -> None:
    kind = str(statement.args.get("kind") or "TABLE").upper()
    if kind not in ("TABLE", "VIEW", "STAGE"):
        return
    name = full(session, statement.this)
    if name not in session.temporary and name.schema not in METADATA:
        require(session, None, kind, str(name), _written_name(statement.this))


def _written_name(table: exp.Table) -> str:
    found = [table.args.get(part) for part in ("catalog", "db", "this")]
    return ".".join(names.normal(part) for part in found if part)
