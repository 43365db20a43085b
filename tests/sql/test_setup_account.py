"""What set-up does to an account."""

from datetime import datetime

from snowflake.connector import SnowflakeConnection

from include.sql.load import load_hours
from include.sql.setup import run_setup
from local.launcher.environment import stage_settings
from local.launcher.stack import Stack
from tests.sql.conftest import Archive, Tables


def test_set_up_again_keeps_what_is_there(
    stack: Stack, archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """It may run before every start: rows, ledger and counter stay, and loads go on."""
    load_hours(connection, archive.ingested(day))
    state = tables.state()

    for _ in range(2):
        run_setup(connection, stage_settings(stack.ports, stack.secrets))

    assert tables.state() == state
    assert load_hours(connection, archive.ingested(day, seed=2)).loaded == 1
