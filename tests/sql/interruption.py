"""Loads that meet something between two of their statements."""

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from include.sql.load import load_hours
from local.launcher.layout import Layout
from local.launcher.stack import Stack


def before(
    statement: str, action: Callable[[], object], connection: SnowflakeConnection
) -> SnowflakeConnection:
    """Return the connection, which from now on calls `action` just before such a statement."""

    class Cursor(SnowflakeCursor):
        def execute(self, command: str, *binds: Any, **options: Any) -> Any:
            if statement in command:
                action()
            return super().execute(command, *binds, **options)

    connection.cursor = partial(connection.cursor, Cursor)  # type: ignore[method-assign, assignment]
    return connection


def load_and_die(data: Path, outcomes: list[dict[str, Any]]) -> None:
    """Be killed with the lock held and the old rows deleted."""
    with Stack(Layout(data)).connect_snowflake() as connection:
        die = partial(os.kill, os.getpid(), signal.SIGKILL)
        load_hours(before("copy into", die, connection), outcomes)
