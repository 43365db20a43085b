"""Deploy the product's objects to a local Snowflake, or start on a copy of one that has them."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from snowflake_stand_in.testing import StandIn

from local.setup import paths

ANYWHERE = {
    "GHARCHIVE_STORAGE_URL": "azure://127.0.0.1:1/account",
    **{f"GHARCHIVE_{stage}_SAS_TOKEN": "sig=none" for stage in ("EVENTS", "OUTCOMES", "MODELS")},
}
"""Settings for tests that use no stage."""


PROGRAMS = ("include.sql.account", "include.sql.deploy")


def deploy(
    home: Path,
    address: Mapping[str, object],
    settings: Mapping[str, str],
    programs: Sequence[str] = PROGRAMS,
) -> str:
    """Prepare the account at `address` and deploy to it, as users do; return what that says.

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
    said = ""
    for program in programs:
        done = subprocess.run(
            [paths.PYTHON, "-m", program],
            cwd=paths.ROOT,
            env={**os.environ, **settings, "SNOWFLAKE_HOME": str(home), "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout
    return said


def deployed_account(folder: Path) -> None:
    """Make an account in `folder` that holds the product's objects, and stop its server."""
    with StandIn(folder / "snowflake.duckdb") as server:
        deploy(folder / "home", server.address, ANYWHERE)


def copied_account(account: Path, folder: Path) -> Path:
    """Copy the files of a stopped account into `folder`; return the first, to start it on."""
    for file in account.glob("snowflake.duckdb*"):
        shutil.copy(file, folder)
    return folder / "snowflake.duckdb"
