"""What we expect of an account, and the step that tries it: docs/untried.md lists the same."""

from dataclasses import dataclass

MEMORY = "from memory"


@dataclass(frozen=True)
class Expectation:
    """One expectation. `page` is below Snowflake's documentation, or MEMORY where none says it."""

    name: str
    step: str
    says: str
    page: str


SQL = "sql-reference/sql/"
FUNCTIONS = "sql-reference/functions/"

EXPECTATIONS = (
    Expectation(
        "empty-account",
        "deployment",
        "every script of a deployment runs in an account that has nothing of ours",
        "user-guide/security-access-control-privileges",
    ),
    Expectation(
        "service-users",
        "deployment",
        "`create user … type = service` needs no more than its key to log in with its role",
        SQL + "create-user",
    ),
    Expectation(
        "unreached-stage",
        "deployment",
        "CREATE STAGE takes a URL and a SAS token without trying them",
        MEMORY,
    ),
    Expectation(
        "budget",
        "deployment",
        "the budget's class, which no local server has: `spending!get_spending_limit()` is what "
        "was set",
        "sql-reference/classes/budget",
    ),
    Expectation(
        "hour-loaded",
        "load",
        "every line that ingest kept of a real hour is in Bronze once, and the ledger is exact",
        SQL + "copy-into-table",
    ),
    Expectation(
        "auto-time",
        "load",
        "`to_timestamp_ntz(…, 'AUTO')` recognises the outcome records' times "
        "(`2015-01-01T12:00:00.5Z`) whatever `TIMESTAMP_INPUT_FORMAT` says",
        FUNCTIONS + "to_timestamp",
    ),
    Expectation(
        "last-modified",
        "load",
        "`METADATA$FILE_LAST_MODIFIED` equals the blob's Last-Modified to the second, so that rows "
        "of the pipe are adopted",
        "user-guide/querying-metadata",
    ),
    Expectation(
        "first-build",
        "models",
        "`dbt build` makes every model, and its tests pass, with the transformer's rights alone",
        "user-guide/security-access-control-privileges",
    ),
    Expectation(
        "task-raises",
        "reconcile",
        "what the task `ledger.reconcile` raises again ends it as FAILED, with its message, and "
        "nothing is changed",
        "developer-guide/snowflake-scripting/exceptions",
    ),
    Expectation(
        "task-runs",
        "reconcile",
        "a task body of the size of `ledger.reconcile` runs, its `execute immediate` too: it loads "
        "an hour that the ledger lacks",
        SQL + "create-task",
    ),
    Expectation(
        "second-build",
        "models-again",
        "a second `dbt build`, over an hour loaded again, finds that every table keeps its "
        "contract, and rebuilds none",
        "sql-reference/intro-summary-data-types",
    ),
    Expectation(
        "same-rows",
        "models-again",
        "the hour loaded again leaves every table with as many rows as before",
        MEMORY,
    ),
    Expectation(
        "swap-keeps-readers",
        "models-again",
        "a table that a full refresh has built beside the old one and swapped with it has the "
        "same readers",
        SQL + "alter-table",
    ),
    Expectation(
        "model-published",
        "recommendations",
        "a small model comes from Parquet through the stage into Gold, and is live, with the "
        "trainer's rights alone",
        SQL + "copy-into-table",
    ),
    Expectation(
        "redeployed",
        "redeployment",
        "a second deployment runs no script, and one with a new setting only those that have it",
        MEMORY,
    ),
    Expectation(
        "integrations",
        "automation",
        "with Azure's consent the storage integration reads the stage, and the notification "
        "integration the queue",
        "user-guide/data-load-snowpipe-auto-azure",
    ),
    Expectation(
        "pipe-loads",
        "automation",
        "Event Grid's messages reach the pipe, and its COPY takes a null in its query",
        "user-guide/data-load-snowpipe-auto-azure",
    ),
    Expectation(
        "pipe-adopted",
        "automation",
        "the task `ledger.reconcile` adopts the pipe's rows: `load_id` stays null in Bronze",
        MEMORY,
    ),
    Expectation(
        "graph-together",
        "automation",
        "the graph of `tasks.new_loads` keeps together when `grant ownership on all tasks` "
        "moves it",
        SQL + "grant-ownership",
    ),
    Expectation(
        "graph-consumes",
        "automation",
        "the graph runs to its end, and consumes both of its streams",
        "user-guide/streams-intro",
    ),
    Expectation(
        "conformance",
        "conformance",
        "each behaviour of `snowflake_stand_in/CONFORMANCE.md` is the account's",
        MEMORY,
    ),
    Expectation(
        "statements-told",
        "figures",
        "QUERY_HISTORY_BY_USER tells the bytes of every statement that our users ran",
        FUNCTIONS + "query_history",
    ),
    Expectation(
        "partitions-told",
        "figures",
        "GET_QUERY_OPERATOR_STATS tells the partitions that their largest scans read, of how many",
        FUNCTIONS + "get_query_operator_stats",
    ),
    Expectation(
        "cost",
        "figures",
        "the warehouses take no more credits than the estimate",
        FUNCTIONS + "warehouse_metering_history",
    ),
    Expectation(
        "nothing-left",
        "cleaning",
        "everything that the check made can be dropped, and is gone",
        SQL + "drop-database",
    ),
)
