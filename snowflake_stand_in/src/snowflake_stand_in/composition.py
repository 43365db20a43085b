"""The composition root: an account with all its services."""

from pathlib import Path

from snowflake_stand_in.automation.pipe_runs import Pipes
from snowflake_stand_in.automation.stream_store import Streams
from snowflake_stand_in.automation.task_runs import Tasks
from snowflake_stand_in.catalog.query_history import QueryHistory
from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.statement import StatementCursor


def open_account(
    file: Path, account: type[Account] = Account, cursor: type[StatementCursor] = StatementCursor
) -> Account:
    """Open the account in files beside `file`, new or not; `close` ends it."""
    opened = account(file, cursor)
    # Tasks and pipes start to run at once: they come last
    for service in (Access, QueryHistory, Streams, Tasks, Pipes):
        opened.add(service(opened))
    return opened
