"""Snowflake's JDBC driver in a JVM of its own, driven from here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py4j.java_gateway import (  # type: ignore[import-untyped]
    GatewayParameters,
    JavaGateway,
    launch_gateway,
)

from local.setup import paths
from tests.conformance.target import Target

_TRUST = [
    f"-Djavax.net.ssl.trustStore={paths.TRUST_STORE}",
    "-Djavax.net.ssl.trustStoreType=PKCS12",
    f"-Djavax.net.ssl.trustStorePassword={paths.TRUST_STORE_PASSWORD}",
]
# Arrow's own memory, which Java's modules close to it
_ARROW = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"]


@contextmanager
def driver(target: Target) -> Iterator[Any]:
    """Start the JVM and give a java.sql.Connection."""
    (jar,) = paths.IVY.glob("**/snowflake-jdbc-*.jar")
    port = launch_gateway(
        jarpath=str(_py4j_jar()),
        classpath=str(jar),
        javaopts=[*_ARROW, *(_TRUST if target.is_stand_in else [])],
        java_path=str(paths.JAVA_HOME / "bin" / "java"),
        die_on_exit=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    try:
        jvm = gateway.jvm
        properties = jvm.java.util.Properties()
        for name, value in {
            "account": target.account,
            "user": target.user,
            "private_key_file": target.private_key_file,
            "db": target.database,
            "schema": "PUBLIC",
            "warehouse": target.warehouse,
            "role": target.role,
        }.items():
            properties.setProperty(name, value)
        # What Spark's readers set: NTZ columns are UTC
        jvm.java.util.TimeZone.setDefault(jvm.java.util.TimeZone.getTimeZone("UTC"))
        url = f"jdbc:snowflake://{target.host}:{target.port}/"
        connection = jvm.net.snowflake.client.jdbc.SnowflakeDriver().connect(url, properties)
        yield connection
        connection.close()
    finally:
        gateway.shutdown()


def _py4j_jar() -> Path:
    (jar,) = (paths.VENV / "share" / "py4j").glob("py4j*.jar")
    return jar


def query(connection: Any, sql: str) -> tuple[list[tuple[str, int, int]], list[list[Any]]]:
    """Run a query; return (type name, precision, scale) of each column, and the rows as text."""
    statement = connection.createStatement()
    try:
        results = statement.executeQuery(sql)
        meta = results.getMetaData()
        numbers = range(1, meta.getColumnCount() + 1)
        columns = [
            (meta.getColumnTypeName(i), meta.getPrecision(i), meta.getScale(i)) for i in numbers
        ]
        rows = []
        while results.next():
            rows.append([results.getString(i) for i in numbers])
        return columns, rows
    finally:
        statement.close()
