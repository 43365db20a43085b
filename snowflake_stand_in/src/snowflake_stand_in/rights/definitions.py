"""What DDL is about, and what it does to rights: an object is made, renamed or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN, RELATIONS
from snowflake_stand_in.rights.reads import METADATA, full, tables_read
from snowflake_stand_in.sql import names


@contextmanager
def defining(cursor: Cursor, statement: exp.Expr) -> Iterator[None]:
    """Run DDL, then note what it made, renamed or dropped."""
    session = cursor.session
    access = session.account.service(Access)
    kind = kind_of(statement)
    if kind not in securables.KINDS or is_temporary(session, statement):
        yield
        return
    name = name_of(session, statement)
    existed = isinstance(statement, exp.Create) and is_there(cursor, kind, name)
    sources = list(_sources(session, statement)) if kind == "VIEW" else []
    copies = statement.find(exp.CopyGrantsProperty) is not None
    renamed = statement.find(exp.AlterRename)
    swapped = statement.find(exp.SwapTable)
    if isinstance(statement, exp.Create) and not existed:
        # First the owner: after a kill in between, the role may still create it
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
        access.renamed(kind, name, beside(name, renamed.this))
    elif swapped is not None:
        access.swapped(kind, name, beside(name, swapped.this))


def _sources(session: Session, statement: exp.Expr) -> Iterator[str]:
    for table in tables_read(statement):
        if isinstance(table.this, exp.Identifier) and table.db.upper() not in METADATA:
            yield str(full(session, table))


def kind_of(statement: exp.Expr) -> str:
    """Return the kind of object that a DDL statement is about."""
    kind = str(statement.args.get("kind") or "").upper()
    return "TABLE" if kind == "COLUMN" else kind


def name_of(session: Session, statement: exp.Expr) -> str:
    """Return the full name of what a DDL statement is about."""
    kind = kind_of(statement)
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


def is_temporary(session: Session, statement: exp.Expr) -> bool:
    """Whether a DDL statement is about a temporary relation, on which there are no grants."""
    if isinstance(statement, exp.Create):
        return statement.find(exp.TemporaryProperty) is not None
    kind = kind_of(statement)
    if kind not in RELATIONS:
        return False
    name = name_of(session, statement)
    return any(str(known) == name for known in session.temporary)


def is_there(cursor: Cursor, kind: str, name: str) -> bool:
    """Whether there is an object of this kind and full name; tables and views share names."""
    kinds = RELATIONS if kind in RELATIONS else (kind,)
    return any(securables.exists(cursor, k, name) for k in kinds)


def beside(name: str, table: exp.Table) -> str:
    """Return the full name of a table that ALTER names beside another."""
    database, schema, _ = name.split(".")
    return str(names.full(table, database, schema))
