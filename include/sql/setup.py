"""Create what the pipeline needs in a Snowflake account: `python -m include.sql.setup`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template

import snowflake.connector
from snowflake.connector import SnowflakeConnection

SCRIPTS = Path(__file__).parent / "setup"
SETTINGS = (
    "database",
    "events_url",
    "events_sas_token",
    "models_url",
    "models_sas_token",
)


def run_setup(connection: SnowflakeConnection, settings: Mapping[str, str]) -> None:
    """Run the scripts of `setup/` in order; each may run again without harm.

    `settings` holds SETTINGS: the database, and for the stages of events and models their URL
    (`azure://…`) and SAS token (read and list).
    """
    for script in sorted(SCRIPTS.glob("*.sql")):
        connection.execute_string(Template(script.read_text()).substitute(settings))


def main() -> int:
    """Run the set-up on the connector's default connection; return the exit status."""
    variables = {name: f"GHARCHIVE_{name.upper()}" for name in SETTINGS}
    if missing := [variable for variable in variables.values() if variable not in os.environ]:
        print(f"Not set: {', '.join(missing)}. See docs/settings.md.", file=sys.stderr)
        return 1
    with snowflake.connector.connect() as connection:
        run_setup(connection, {name: os.environ[v] for name, v in variables.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
