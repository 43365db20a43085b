"""Spark's settings, and Snowflake's JDBC driver by Spark's own resolver."""

import re
import shutil
from pathlib import Path

from local.setup.paths import (
    BIN,
    IVY,
    JAVA_HOME,
    ROOT,
    SPARK_CONF,
    TRUST_STORE,
    TRUST_STORE_PASSWORD,
)
from local.setup.step import SetupError, Step, run, write

# Spark splits the options like a shell: quoted, a folder's name may hold spaces
DEFAULTS = f"""\
spark.jars.ivy {IVY}
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.memory 2g
spark.ui.enabled false
spark.driver.extraJavaOptions "-Djavax.net.ssl.trustStore={TRUST_STORE}" \
-Djavax.net.ssl.trustStoreType=PKCS12 \
-Djavax.net.ssl.trustStorePassword={TRUST_STORE_PASSWORD}
"""
SPARK_DEFAULTS = SPARK_CONF / "spark-defaults.conf"


def make_settings() -> None:
    """Write what SPARK_CONF_DIR shall hold."""
    SPARK_CONF.mkdir(parents=True, exist_ok=True)
    write(SPARK_DEFAULTS, DEFAULTS)


def coordinates() -> str:
    """Return the coordinates of the JDBC driver that the Spark job asks for."""
    for source in sorted((ROOT / "include" / "als").glob("*.py")):
        if found := re.search(r'"(net\.snowflake:snowflake-jdbc:[\w.]+)"', source.read_text()):
            return found[1]
    raise SetupError(
        "include/als names no net.snowflake:snowflake-jdbc:VERSION",
        "Restore include/als from git, then run make again.",
    )


def make_jars() -> None:
    """Fetch the driver as the job's first run would, so that later runs need no network."""
    shutil.rmtree(IVY, ignore_errors=True)
    run(
        # The application is a Python file that does nothing
        [
            BIN / "spark-submit",
            "--packages",
            coordinates(),
            Path(__file__).with_name("__init__.py"),
        ],
        env={"SPARK_CONF_DIR": str(SPARK_CONF), "JAVA_HOME": str(JAVA_HOME)},
        fix="See that Maven's central repository can be reached, then run make again.",
    )


SETTINGS = Step(
    name="spark",
    does="Spark's settings",
    make=make_settings,
    outputs=(SPARK_DEFAULTS,),
    inputs=lambda: [DEFAULTS],
)

JARS = Step(
    name="jars",
    does="Snowflake's JDBC driver from Maven",
    make=make_jars,
    outputs=(IVY,),
    inputs=lambda: [coordinates()],
)
