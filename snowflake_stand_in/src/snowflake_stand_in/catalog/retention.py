"""ALTER SCHEMA and ALTER DATABASE … SET DATA_RETENTION_TIME_IN_DAYS: kept, and shown by SHOW.

Nothing is ever to be seen of it here: time travel is refused.
"""

from __future__ import annotations

import re

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.requirements import require
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.parsing import altered

_MOST_DAYS = 90
_ALTER = re.compile(
    r"\s*(schema|database)\s+(\S+)\s+set\s+data_retention_time_in_days\s*=\s*(\d+)\s*", re.I
)


def applies(_: Cursor, statement: exp.Expr) -> bool:
    """Whether a statement sets the retention of a schema or database, and nothing else."""
    return altered(statement, _ALTER) is not None


def run(cursor: Cursor, statement: exp.Command) -> None:
    """Run the statement."""
    match = altered(statement, _ALTER)
    assert match is not None
    session = cursor.session
    kind, days = match[1].upper(), match[3]
    name = securables.full_name(session, kind, match[2])
    require(session, "OWNERSHIP", kind, name)
    if not securables.exists(cursor, kind, name):
        raise compilation(
            2003, f"{kind.title()} '{name}' does not exist or not authorized.", "02000"
        )
    if int(days) > _MOST_DAYS:
        raise compilation(
            1422,
            f"invalid value [{days}] for parameter 'DATA_RETENTION_TIME_IN_DAYS'",
            "22023",
        )
    session.commit()
    cursor.rows(
        "insert or replace into _fs_global.main.retention values (?, ?, ?)", [kind, name, days]
    )
    cursor.succeed()
