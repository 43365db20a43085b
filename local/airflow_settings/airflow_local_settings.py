"""Read by every Airflow process of the local stack, as Airflow documents for this file's name."""

# ruff: noqa: F401 - imported to be there

import sys

if sys.argv[1:] == ["scheduler"]:
    # Each task is a fork of the scheduler: what is imported here, a task needn't import again.
    # That is a few seconds of two cores for each of some forty tasks.
    import airflow.providers.microsoft.azure.hooks.wasb
    import cosmos.operators.local
    import dbt.adapters.snowflake
    import dbt.cli.main
    import snowflake.connector

    import include.ingest
    import plugins.operators.als
    import plugins.operators.powerbi
