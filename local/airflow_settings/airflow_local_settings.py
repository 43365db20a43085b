"""Read by every Airflow process of the local stack, as Airflow documents for this file's name."""

# ruff: noqa: F401 - imported to be there

import sys
from pathlib import Path

if sys.argv[1:] == ["scheduler"]:
    # Each task is a fork of the scheduler: what is imported here, a task needn't import again.
    # That is a few seconds of two cores for each of some forty tasks.
    import airflow.providers.microsoft.azure.hooks.wasb
    import airflow.providers.snowflake.hooks.snowflake
    import airflow.providers.standard.decorators.python
    import cosmos.converter
    import cosmos.operators.local

    # Cosmos' plugin, which a task loads while it parses the DAG file
    import cosmos.plugin.airflow3
    import cosmos.profiles
    import dbt.adapters.snowflake
    import dbt.cli.main
    import snowflake.connector

    import include.ingest
    import plugins.operators.als
    import plugins.operators.powerbi

    # Half of a short dbt command is work that a process does once, serialisers above all
    project = str(Path(__file__).parents[2] / "include" / "dbt")
    dbt.cli.main.dbtRunner().invoke(
        [
            *("--quiet", "--log-level-file", "none"),
            *("parse", "--no-write-json", "--project-dir", project, "--profiles-dir", project),
        ]
    )
