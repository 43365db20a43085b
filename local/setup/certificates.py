"""The private CA, the stand-ins' certificate and the key that signs in to Snowflake.

The work is done by `issue`, inside the virtual environment, which has `cryptography`.
"""

import os
from pathlib import Path

from local.setup.paths import (
    CA,
    CA_BUNDLE,
    KEYS,
    PYTHON,
    SERVER_CERTIFICATE,
    SERVER_KEY,
    SNOWFLAKE_KEY,
    SNOWFLAKE_PUBLIC_KEY,
    TLS,
    TRUST_STORE,
)
from local.setup.step import Step, replacing, run

ISSUE = Path(__file__).with_name("issue.py")
FIX = "Delete .venv and run make again."


def machine_bundle() -> Path | None:
    """Return the CA bundle that the machine's owner has set, if any (a company's proxy, say)."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = Path(os.environ.get(name, ""))
        # Under the launcher these name our own bundle: it can't be its own source
        if path.is_file() and TLS not in path.resolve().parents:
            return path
    return None


def make_tls() -> None:
    """Make the CA, the server's certificate, the bundle and the trust store."""
    with replacing(TLS) as folder:
        run([PYTHON, "-m", "local.setup.issue", "tls", folder, machine_bundle() or ""], fix=FIX)


def make_keys() -> None:
    """Make the key pair for Snowflake's key-pair authentication."""
    with replacing(KEYS) as folder:
        run([PYTHON, "-m", "local.setup.issue", "keys", folder], fix=FIX)


STEPS = (
    Step(
        name="tls",
        does="a private CA and the stand-ins' certificate",
        make=make_tls,
        outputs=(CA, CA_BUNDLE, SERVER_CERTIFICATE, SERVER_KEY, TRUST_STORE),
        inputs=lambda: [ISSUE, machine_bundle() or "certifi"],
    ),
    Step(
        name="keys",
        does="a key pair for Snowflake",
        make=make_keys,
        outputs=(SNOWFLAKE_KEY, SNOWFLAKE_PUBLIC_KEY),
        inputs=lambda: [],
    ),
)
