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
from local.setup.step import Step, read, replacing, run, write

MADE_FROM = TLS / "made-from"
ISSUE = Path(__file__).with_name("issue.py")
FIX = "Delete .venv and run make again."


def machine_bundle() -> Path | None:
    """Return the CA bundle that the machine's owner has set, if any (a company's proxy, say)."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = Path(os.environ.get(name, ""))
        if TLS in path.resolve().parents:
            # In a shell that has joined the stack they name our own bundle, made from this one
            path = Path(read(MADE_FROM) or "")
        if path.is_file():
            return path
    return None


def make_tls() -> None:
    """Make the CA, the server's certificate, the bundle and the trust store."""
    bundle = machine_bundle() or ""
    with replacing(TLS) as folder:
        run([PYTHON, "-m", "local.setup.issue", "tls", folder, bundle], fix=FIX)
        write(folder / MADE_FROM.name, str(bundle))


def make_keys() -> None:
    """Make the key pair for Snowflake's key-pair authentication."""
    with replacing(KEYS) as folder:
        run([PYTHON, "-m", "local.setup.issue", "keys", folder], fix=FIX)


STEPS = (
    Step(
        name="tls",
        does="a private CA and the stand-ins' certificate",
        make=make_tls,
        outputs=(CA, CA_BUNDLE, SERVER_CERTIFICATE, SERVER_KEY, TRUST_STORE, MADE_FROM),
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
