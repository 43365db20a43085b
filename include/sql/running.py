"""What runs by itself in an account, and how it runs on after a deployment: tasks and the pipe.

The scripts leave suspended what they make again. What ran before, or is new, is then resumed; what
an operator had stopped stays so. A table remembers until then what was stopped, for the deployment
that follows one which was killed.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import snowflake.connector
from snowflake.connector import DictCursor, SnowflakeConnection

from include.sql.settings import Deployment


@contextmanager
def running_on(connection: SnowflakeConnection, deployment: Deployment) -> Iterator[None]:
    """Deploy inside: afterwards runs what ran, and what is new and should."""
    account = _Account(connection, deployment)
    before = account.states()
    stopped = account.remembered()
    if stopped is None:
        # Where Snowpipe isn't deployed, the task `reconcile` rests by itself
        stopped = {name for name, runs in before.items() if not runs and account.pipe in before}
        if before:
            account.remember(stopped)
    try:
        yield
    except BaseException:
        with suppress(snowflake.connector.Error):
            account.resume(before, stopped)
        raise
    account.resume(before, stopped)


class _Account:
    """The tasks and the pipe of a deployment."""

    def __init__(self, connection: SnowflakeConnection, deployment: Deployment) -> None:
        self.connection = connection
        self.database = deployment.database.upper()
        self.loads_by_itself = deployment.queue_url is not None
        self.pipe = f"{self.database}.BRONZE.GHARCHIVE_PIPE"
        self.memory = f"{self.database}.ledger.stopped_before_deployment"

    def states(self) -> dict[str, bool]:
        """Return the tasks, those that follow others first, and the pipe; and whether each runs."""
        if not self._rows(f"show databases like '{self.database}'"):
            return {}
        tasks = self._rows(f"show tasks in database {self.database}")
        tasks.sort(key=lambda task: task["predecessors"] in ("[]", "", None))
        found = {
            f"{self.database}.{task['schema_name']}.{task['name']}": task["state"] == "started"
            for task in tasks
        }
        if self._rows(f"show pipes like 'GHARCHIVE_PIPE' in database {self.database}"):
            (status,) = self._rows(
                f"select parse_json(system$pipe_status('{self.pipe}')):executionState::varchar"
                " as state"
            )
            found[self.pipe] = status["STATE"] != "PAUSED"
        return found

    def resume(self, before: dict[str, bool], stopped: set[str]) -> None:
        """Resume what should run and doesn't; then there is nothing to remember."""
        for name, runs in self.states().items():
            if runs or not (before.get(name) or (self.loads_by_itself and name not in stopped)):
                continue
            if name == self.pipe:
                # ALTER PIPE doesn't resume one that another role owns since it was paused
                self._rows(f"select system$pipe_force_resume('{name}') as resumed")
            else:
                self._rows(f"alter task {name} resume")
        if before:
            self._rows(f"drop table if exists {self.memory}")

    def remembered(self) -> set[str] | None:
        """Return what was stopped before a deployment that hasn't come to its end, if any."""
        with suppress(snowflake.connector.ProgrammingError):
            return {row["NAME"] for row in self._rows(f"select name from {self.memory}")}
        return None

    def remember(self, stopped: set[str]) -> None:
        """Keep what is stopped: one row each."""
        names = ", ".join(f"('{name}')" for name in sorted(stopped))
        some = f"select column1 as name from values {names}" if names else "select '' as name"
        self._rows(f"create or replace table {self.memory} as {some}")

    def _rows(self, statement: str) -> list[dict[str, str]]:
        cursor = self.connection.cursor(DictCursor)
        cursor.execute(statement)
        return [dict(row) for row in cursor.fetchall()]
