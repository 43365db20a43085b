"""Bring a Snowflake account to what `migrations/` says: `python -m include.sql.deploy [--plan]`.

The account has been prepared (`include.sql.account`); what is made here belongs to the deployer.
schemachange runs the scripts, each version once and each repeatable one when it has changed. Before
it can, there must be a database for its history. Where tasks build Silver and Gold, dbt compiles
the models first.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import snowflake.connector
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import CONNECTIONS_FILE

from include.sql.budget import BudgetError, set_up_budget
from include.sql.load import BLOB_NAME, FILES_PER_COPY
from include.sql.login import address, connection_name, log_in
from include.sql.running import running_on
from include.sql.settings import Deployment, SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
# The load's statements, for the task that runs them too: `{% include 'modules/…' %}`
MODULES = Path(__file__).parent / "load"
_NO_SUCH_ROLE = 390189


class DeployError(Exception):
    """A script failed, a model can't be a task, or schemachange isn't there."""


def scripts() -> list[str]:
    """Return the names of all scripts in the order in which they run."""
    versioned = sorted(path.name for path in MIGRATIONS.glob("V*.sql"))
    return versioned + sorted(path.name for path in MIGRATIONS.glob("R*.sql"))


def from_code(deployment: Deployment) -> dict[str, Any]:
    """Return what the scripts take from the code: the load's limits, and the models for tasks.

    Without a queue no task runs, and nothing is compiled. Raises DeployError.
    """
    limits = {"blob_name": BLOB_NAME, "files_per_copy": FILES_PER_COPY}
    if deployment.queue_url is None:
        return {**limits, "models": []}
    # dbt, which takes seconds to import
    from include.sql.model_tasks import ModelError, compiled_models

    try:
        models = compiled_models(deployment.database)
    except ModelError as error:
        raise DeployError(str(error)) from error
    return {**limits, "models": [asdict(model) for model in models]}


def render(script: str, deployment: Deployment, code: Mapping[str, Any]) -> str:
    """Return a script's statements, with its secrets masked; `code` is what `from_code` gives."""
    # As schemachange does; it can't render without logging in
    loader = ChoiceLoader(
        [FileSystemLoader(MIGRATIONS), PrefixLoader({"modules": FileSystemLoader(MODULES)})]
    )
    environment = Environment(loader=loader, undefined=StrictUndefined)
    masked = {"secrets": dict.fromkeys(deployment.secrets(), "***")}
    return environment.get_template(script).render({**deployment.variables(), **masked, **code})


def plan(deployment: Deployment, code: Mapping[str, Any]) -> list[str]:
    """Return the scripts that `deploy` would run; changes nothing."""
    with _log_in(deployment) as connection:
        if not _exists(connection, deployment.database):
            return scripts()
    log = _schemachange(deployment, code, "--schemachange-dry-run")
    return re.findall(r"Skipping execution +a_script_name=(\S+)", log)


def deploy(deployment: Deployment, code: Mapping[str, Any]) -> list[str]:
    """Run what has to be run, as the deployer; return the names of the scripts that ran."""
    with _log_in(deployment) as connection:
        if not _exists(connection, deployment.database):
            connection.cursor().execute(f"create database {deployment.database}")
        connection.cursor().execute(f"use warehouse {deployment.load_warehouse}")
        with running_on(connection, deployment):
            log = _schemachange(deployment, code)
        set_up_budget(connection, deployment)
    return re.findall(r"Applying .*change script +a_script_name=(\S+)", log)


def _log_in(deployment: Deployment) -> SnowflakeConnection:
    role = str(deployment.deployer_role)
    try:
        return log_in(role)
    except snowflake.connector.errors.DatabaseError as error:
        if error.errno != _NO_SUCH_ROLE:
            raise
        raise DeployError(
            f"{error.msg}\nThe deployment runs as role {role}: prepare the account once with an "
            "administrator's login (`make snowflake-account`), with this user among "
            "GHARCHIVE_DEPLOYER_USERS."
        ) from error


def _exists(connection: SnowflakeConnection, database: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"show databases like '{database}'")
        return bool(cursor.fetchall())


def _schemachange(deployment: Deployment, code: Mapping[str, Any], *options: str) -> str:
    """Run `schemachange deploy`; return its log, or raise DeployError with the end of it."""
    program = shutil.which("schemachange")
    if program is None:
        raise DeployError(
            "schemachange isn't on the PATH: use `make snowflake-deploy`, or install "
            "include/sql/requirements.txt into an environment of its own and put that on the PATH."
        )
    with TemporaryDirectory() as folder:
        # Compiled models are more than a variable of the environment may hold. YAML can read JSON,
        # and schemachange takes the file for Jinja
        config = "{% raw %}" + json.dumps({"config-version": 1, "vars": code}) + "{% endraw %}"
        Path(folder, "schemachange-config.yml").write_text(config)
        done = subprocess.run(
            [
                *(program, "deploy", *options),
                *("--config-folder", folder),
                *("--schemachange-root-folder", str(MIGRATIONS)),
                *("--schemachange-modules-folder", str(MODULES)),
                *(
                    "--schemachange-change-history-table",
                    f"{deployment.database}.LEDGER.CHANGE_HISTORY",
                ),
                "--schemachange-create-change-history-table",
                *("--schemachange-connections-file-path", str(CONNECTIONS_FILE)),
                *("--connection-name", connection_name()),
                *("--snowflake-database", deployment.database),
                *("--snowflake-role", str(deployment.deployer_role)),
                *("--snowflake-warehouse", str(deployment.load_warehouse)),
            ],
            # Not --vars: a command line is seen by everyone on the machine
            # SNOWFLAKE_ROLE and its like, which dbt reads, would go before the connection's
            env={
                **{n: v for n, v in os.environ.items() if not n.startswith("SNOWFLAKE_")},
                **address(),
                "SCHEMACHANGE_VARS": json.dumps(deployment.variables()),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    log = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    for token in filter(None, deployment.secrets().values()):
        log = log.replace(token, "***")
    if done.returncode:
        # It says everything twice, and the second time in a row
        failure = log[log.rfind("Script execution failed") :] if "Script exec" in log else log
        raise DeployError(re.sub(r"(?m)^\S+Z \[\w+ *\] *", "", failure).strip())
    return log


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy, or show what would be run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.sql.deploy", description=__doc__)
    parser.add_argument("--plan", action="store_true", help="only print what would be run")
    options = parser.parse_args(arguments)
    try:
        deployment = Deployment.from_environment()
        code = from_code(deployment)
        if options.plan:
            names = plan(deployment, code)
            for name in names:
                print(f"-- {name}\n{render(name, deployment, code)}\n")
            print(f"-- {len(names)} of {len(scripts())} scripts would run")
        else:
            names = deploy(deployment, code)
            print(
                f"{len(names)} of {len(scripts())} scripts have run: {', '.join(names) or 'none'}"
            )
    except (SettingsError, DeployError, BudgetError, snowflake.connector.Error) as error:
        print(f"snowflake-deploy failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
