"""Read the interactions of Gold over JDBC."""

from pyspark.sql import DataFrame, SparkSession

from include.als.access import Access

QUERY = "SELECT user_id, repo_id, event_count FROM Gold.EventsMetrics"


def read_interactions(spark: SparkSession, access: Access) -> DataFrame:
    """Return user_id, repo_id (64-bit) and event_count, as many rows as the view has."""
    options = {
        "url": f"jdbc:snowflake://{access.snowflake_host}:{access.snowflake_port}/",
        "driver": "net.snowflake.client.jdbc.SnowflakeDriver",
        "query": QUERY,
        "account": access.snowflake_account,
        "user": access.snowflake_user,
        "private_key_base64": access.snowflake_private_key,
        "db": access.snowflake_database,
        "warehouse": access.snowflake_warehouse,
        "role": access.snowflake_role,
    }
    rows = spark.read.format("jdbc").options(**{k: v for k, v in options.items() if v}).load()
    return rows.selectExpr(
        "cast(user_id as long) user_id",
        "cast(repo_id as long) repo_id",
        "cast(event_count as long) event_count",
    )
