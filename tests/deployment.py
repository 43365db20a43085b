"""Deploy the product's objects to a local Snowflake that a test has started."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.setup import paths

ANYWHERE = {
    "GHARCHIVE_STORAGE_URL": "azure://127.0.0.1:1/account",
    **{f"GHARCHIVE_{stage}_SAS_TOKEN": "sig=none" for stage in ("EVENTS", "OUTCOMES", "MODELS")},
}
"""Settings for tests that use no stage."""


def deploy(home: Path, address: Mapping[str, object], settings: Mapping[str, str]) -> str:
    """Run `python -m include.sql.deploy` against the server at `address`; return what it says.

    `address` holds the connector's host, port and protocol; `home` takes its connections.toml.
    """
    connection = {
        "account": "gharchive",
        "user": "ADMIN",
        "authenticator": "SNOWFLAKE_JWT",
        "private_key_file": str(paths.SNOWFLAKE_KEY),
        **address,
    }
    file = home / "connections.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in connection.items()]
    file.write_text("[default]\n" + "".join(lines))
    file.chmod(0o600)
    path = os.pathsep.join([os.environ["PATH"], str(paths.SCHEMACHANGE / "bin")])
    done = subprocess.run(
        [paths.PYTHON, "-m", "include.sql.deploy"],
        cwd=paths.ROOT,
        env={**os.environ, **settings, "SNOWFLAKE_HOME": str(home), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
