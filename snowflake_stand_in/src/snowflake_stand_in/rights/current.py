"""USE: what is current in a session, if its roles may use it."""

import json

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.requirements import require
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, error


def run(cursor: Cursor, statement: exp.Use) -> None:
    """Run USE of a database, schema, warehouse, role or secondary roles."""
    session = cursor.session
    kind = statement.args.get("kind")
    kind_name = kind.name.upper() if isinstance(kind, exp.Expr) else str(kind or "")
    table = statement.this
    with session.reading():
        if kind_name == "SECONDARY ROLES":
            _use_secondary_roles(session, statement)
        elif kind_name == "ROLE":
            _use_role(session, names.normal(table.this))
        elif kind_name == "WAREHOUSE":
            name = names.normal(table.this)
            _require_use(cursor, "WAREHOUSE", name)
            session.warehouse = name
        elif kind_name == "DATABASE" or (not kind_name and not table.db and table.name):
            name = names.normal(table.this)
            _require_use(cursor, "DATABASE", name)
            session.use(name, "PUBLIC")
        else:
            database = names.normal(table.args["db"]) if table.db else session.database
            schema = names.normal(table.this)
            if database is not None:
                _require_use(cursor, "SCHEMA", f"{database}.{schema}")
            session.use(database, schema)
        cursor.succeed()


def call_functions(cursor: Cursor, statement: exp.Expr) -> None:
    """Replace CURRENT_SECONDARY_ROLES by the roles in force and those asked for, in place."""
    session = cursor.session
    for call in list(statement.find_all(exp.CurrentSecondaryRoles)):
        named = session.secondary_roles
        granted = session.account.service(Access).roles_of("USER", session.user)
        found = {
            "roles": ",".join(granted if named is None else named),
            "value": "ALL" if named is None else ",".join(named),
        }
        call.replace(exp.Literal.string(json.dumps(found, separators=(",", ":"))))


def _require_use(cursor: Cursor, kind: str, name: str) -> None:
    """Raise Snowflake's error unless a database, schema or warehouse may become current."""
    try:
        require(cursor.session, "USAGE" if kind == "WAREHOUSE" else None, kind, name)
        usable = securables.exists(cursor, kind, name) or name.endswith(".INFORMATION_SCHEMA")
    except ProgrammingError:
        usable = False
    if not usable:
        raise compilation(2043, "Object does not exist, or operation cannot be performed.", "02000")


def _use_role(session: Session, role: str) -> None:
    access = session.account.service(Access)
    if role not in access.roles:
        raise compilation(2043, "Object does not exist, or operation cannot be performed.", "02000")
    _check_assigned(session, role)
    session.role = role


def _use_secondary_roles(session: Session, statement: exp.Use) -> None:
    """Take ALL, NONE or those named."""
    word = statement.this.name.upper() if isinstance(statement.this, exp.Var) else ""
    if word == "ALL":
        session.secondary_roles = None
        return
    named = [names.normal(table.this) for table in statement.expressions]
    for role in named:
        _check_assigned(session, role)
    session.secondary_roles = tuple(named)


def _check_assigned(session: Session, role: str) -> None:
    if not session.account.service(Access).may_take(session.user, role):
        raise error(
            3013,
            f"SQL access control error:\nRequested role '{role}' is not assigned to the executing "
            "user. Specify another role to activate.",
            "42501",
        )
