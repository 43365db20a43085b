"""One run: where it is, what it has seen so far, and how its steps log in."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from account_check import cost, scratch
from account_check.account import Account
from account_check.storage import Storage
from include.sql.settings import Deployment

WAREHOUSES = {
    "loader": "load",
    "transformer": "transform",
    "trainer": "train",
    "reader": "read",
}


@dataclass
class Run:
    """What the steps share. `folder` is for the owner's eyes alone, and goes with the run.

    `models` is dbt's selection and `behaviours` pytest's, all if None; `queue_url` asks for the
    pipe and the graph of tasks.
    """

    account: Account
    prefix: str
    folder: Path
    storage: Storage
    hour: datetime
    source: str
    """The archive, a folder or simulated."""
    source_url: str = ""
    """What the hours' addresses begin with, once it is served."""
    models: str | None = None
    behaviours: str | None = None
    queue_url: str | None = None
    outcome: dict[str, Any] = field(default_factory=dict)
    """The hour's record, once it is ingested."""
    row_counts: dict[str, int] = field(default_factory=dict)
    """Of each table of dbt's, after its first build."""
    figures: list[dict[str, Any]] = field(default_factory=list)
    """What the account tells of each user's statements."""

    @property
    def key(self) -> Path:
        """The file of our users' private key."""
        return self.folder / "key.pem"

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment's settings; making them makes what storage needs."""
        users: dict[str, Any] = {
            f"{role}_users": scratch.user_of(self.prefix, role) for role in scratch.USERS
        }
        return scratch.ScratchDeployment(
            database=self.prefix,
            credit_quota=cost.CREDITS_A_MONTH,
            serverless_credits=1,
            queue_url=self.queue_url,
            **users,
            **self.storage.settings(),
        )

    @contextmanager
    def administrator(self) -> Iterator[SnowflakeCursor]:
        """Give an administrator's cursor in the deployed database."""
        with self.account.administrator() as connection, connection.cursor() as cursor:
            cursor.execute(f"use warehouse {self.deployment.load_warehouse}")
            cursor.execute(f"use database {self.prefix}")
            yield cursor

    @contextmanager
    def login(self, role: str) -> Iterator[SnowflakeConnection]:
        """Log in as the user of a role: loader, transformer, trainer or reader."""
        with self.account.user(
            scratch.user_of(self.prefix, role),
            self.key,
            role=getattr(self.deployment, f"{role}_role"),
            warehouse=getattr(self.deployment, f"{WAREHOUSES[role]}_warehouse"),
            database=self.prefix,
        ) as connection:
            yield connection


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Look every second until something is true; return whether it came to be."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(1)
    return True
