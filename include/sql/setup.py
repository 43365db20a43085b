"""Create what the pipeline needs in a Snowflake account: `python -m include.sql.setup`."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

from snowflake.connector import SnowflakeConnection

SCRIPTS = Path(__file__).parent / "setup"


def run_setup(connection: SnowflakeConnection, settings: Mapping[str, str]) -> None:
    """Run the scripts of `setup/` in order; each may run again without harm.

    `settings` holds database and, for the stages of events and models, their URL (`azure://…`) and
    SAS token (read and list): events_url, events_sas_token, models_url, models_sas_token.
    """
    for script in sorted(SCRIPTS.glob("*.sql")):
        connection.execute_string(Template(script.read_text()).substitute(settings))
