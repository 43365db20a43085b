"""Create what the pipeline needs in a Snowflake account: `python -m include.sql.setup`."""

import os
from collections.abc import Mapping
from pathlib import Path
from string import Template

import snowflake.connector
from snowflake.connector import SnowflakeConnection

SCRIPTS = Path(__file__).parent / "setup"


def run_setup(connection: SnowflakeConnection, settings: Mapping[str, str]) -> None:
    """Run the scripts of `setup/` in order; each may run again without harm.

    `settings` holds database, events_url, models_url (`azure://…`) and stage_sas_token.
    """
    for script in sorted(SCRIPTS.glob("*.sql")):
        connection.execute_string(Template(script.read_text()).substitute(settings))
