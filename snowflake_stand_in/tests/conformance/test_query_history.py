"""What an account tells of the statements that it has run."""

from contract.stand_in import fetch
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from conformance.behaviour import documented
from conformance.conftest import Connect
from conformance.target import Target

PAGE = "sql-reference/functions/query_history"
HISTORY = "table(information_schema.query_history_by_{0}(result_limit => 1000)) as history"


@documented(
    "query-history-by-user",
    "QUERY_HISTORY_BY_USER lists what a user has run: status, rows and times.",
    PAGE,
)
def test_by_user(shared: SnowflakeCursor, target: Target) -> None:
    shared.execute("select 1 as n union all select 2 as n")
    query_id = shared.sfqid
    found = fetch(
        shared,
        "select user_name, role_name, execution_status, rows_produced, start_time <= end_time as o"
        " from table(information_schema.query_history_by_user("
        f"user_name => '{target.user}', end_time_range_start => "
        "dateadd(hour, -1, current_timestamp()), result_limit => 1000))"
        f" where query_id = '{query_id}'",
    )
    assert found == [(target.user.upper(), target.role, "SUCCESS", 2, True)]


@documented("query-history-by-session", "QUERY_HISTORY_BY_SESSION lists its own session's.", PAGE)
def test_by_session(connect: Connect) -> None:
    first, second = connect().cursor(), connect().cursor()
    first.execute("select 'first' as who")
    second.execute("select 'second' as who")
    query = "select query_text from " + HISTORY.format("session")
    texts = {text for (text,) in fetch(first, f"{query} where query_text like '%as who'")}
    assert texts == {"select 'first' as who"}


@documented("query-history-error", "A statement that failed is there with its error.", PAGE)
def test_error(connect: Connect) -> None:
    cursor = connect().cursor()
    try:
        cursor.execute("select nothing from nowhere")
    except DatabaseError as error:
        code = error.errno
    query = "select execution_status, error_code from " + HISTORY.format("session")
    ((status, found),) = fetch(cursor, f"{query} where query_text = 'select nothing from nowhere'")
    assert (status.upper(), int(found)) == ("FAILED_WITH_ERROR", code)


@documented(
    "query-history-secrets",
    "Credentials are hidden in the text of a statement (from memory).",
    PAGE,
)
def test_secrets(connect: Connect) -> None:
    cursor = connect().cursor()
    cursor.execute(
        "create stage hidden url = 'azure://account.blob.core.windows.net/c'"
        " credentials = (azure_sas_token = 'sig=planted')"
    )
    query = "select query_text from " + HISTORY.format("session")
    ((text,),) = fetch(cursor, f"{query} where query_text ilike 'create stage%'")
    assert "planted" not in text


@documented(
    "query-operator-stats",
    "GET_QUERY_OPERATOR_STATS tells operators of a query, with partitions scanned of tables.",
    "sql-reference/functions/get_query_operator_stats",
)
def test_operators(connect: Connect) -> None:
    cursor = connect().cursor()
    cursor.execute("create table t as select 1 as n")
    cursor.execute("select n from t")
    cursor.execute(
        "select operator_type, operator_statistics:pruning:partitions_total::number as total"
        f" from table(get_query_operator_stats('{cursor.sfqid}'))"
        " where operator_type = 'TableScan'"
    )
    assert cursor.fetchall() == [("TableScan", 1)]


@documented(
    "warehouse-metering-history",
    "WAREHOUSE_METERING_HISTORY tells a warehouse's credits by hour; none before it ran.",
    "sql-reference/functions/warehouse_metering_history",
)
def test_metering(shared: SnowflakeCursor) -> None:
    query = (
        "select sum(credits_used) as credits from table(information_schema."
        "warehouse_metering_history(date_range_start => dateadd(hour, -1, current_timestamp()),"
        " warehouse_name => 'NO_SUCH_WAREHOUSE'))"
    )
    assert fetch(shared, query) == [(None,)]
