"""Snowflake's JDBC driver in a JVM of its own, driven from here."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from py4j.java_gateway import (  # type: ignore[import-untyped]
    GatewayParameters,
    JavaGateway,
    launch_gateway,
)

from conformance.target import Target

JAR = "SNOWFLAKE_JDBC_JAR"
# It holds nothing secret
_PASSWORD = "changeit"
# Arrow's own memory, which Java's modules close to it
_ARROW = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"]


@contextmanager
def driver(target: Target, folder: Path) -> Iterator[Any]:
    """Start the JVM and give a java.sql.Connection; `folder` takes what the JVM trusts.

    SNOWFLAKE_JDBC_JAR names the driver's file, JAVA_HOME the JVM.
    """
    if JAR not in os.environ:
        raise RuntimeError(f"set {JAR} to the file of Snowflake's JDBC driver")
    port = launch_gateway(
        jarpath=str(_py4j_jar()),
        classpath=os.environ[JAR],
        javaopts=[*_ARROW, *(_trust(target.ca, folder) if target.ca else [])],
        # Then JAVA_HOME's, else the PATH's
        java_path=None,
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


def _trust(ca: Path, folder: Path) -> list[str]:
    """Write a trust store with the CA, or a bundle of them; return the JVM's options for it."""
    store = folder / "truststore.p12"
    authorities = enumerate(x509.load_pem_x509_certificates(ca.read_bytes()))
    store.write_bytes(
        pkcs12.serialize_java_truststore(
            [pkcs12.PKCS12Certificate(found, f"ca{n}".encode()) for n, found in authorities],
            BestAvailableEncryption(_PASSWORD.encode()),
        )
    )
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}",
    ]


def _py4j_jar() -> Path:
    (jar,) = Path(sys.prefix, "share", "py4j").glob("py4j*.jar")
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
