"""Prepare the account, or show what would be run."""

import argparse
import sys
from collections.abc import Sequence

import snowflake.connector

from include.sql import account
from include.sql.login import log_in
from include.sql.settings import Deployment, SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.sql.account", description=__doc__)
    parser.add_argument("--plan", action="store_true", help="only print what would be run")
    options = parser.parse_args(arguments)
    try:
        deployment = Deployment.from_environment()
        if options.plan:
            for name in account.scripts():
                print(f"-- {name}\n{account.render(name, deployment)}\n")
            return 0
        with log_in(account.ADMINISTRATOR) as connection:
            handed_over = account.prepare(connection, deployment)
        for statement in handed_over:
            print(statement)
        print(f"The account is prepared for role {deployment.deployer_role}")
    except (SettingsError, snowflake.connector.Error) as error:
        print(f"snowflake-account failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
