"""Who sends a day's statements, and what a table's rows are about."""

LOAD, DAG, DBT, ALS = "load", "the DAG's questions", "dbt", "ALS"
"""What sends statements, besides readers; of dbt's own, some of the groups below are made."""

DAYS, PERIODS, ALL_TIME = "event and day", "month and year", "all time"
"""The grains of tables."""

MODELS = tuple(f"models: {grain}" for grain in (DAYS, PERIODS, ALL_TIME))
"""Each makes the tables of a grain."""
TESTS, REST, READERS = "tests", "views made, and dbt itself", "readers, each view once"
GROUPS = (LOAD, DAG, *MODELS, TESTS, REST, ALS, READERS)
HOURLY = "of event and day, by date"
"""Of the models' first group, what the graph of tasks makes again after each load of a date."""
