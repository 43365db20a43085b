"""A task, when it is due and whether its owner may run it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from croniter import croniter  # type: ignore[import-untyped]
from snowflake.connector.errors import ProgrammingError

from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.sql.errors import compilation, error

_UNITS = {"H": 3600, "M": 60, "S": 1}
_INTERVAL = re.compile(r"(\d+)\s*(H|HOUR|HOURS|M|MINUTE|MINUTES|S|SECOND|SECONDS)", re.IGNORECASE)
_CRON = re.compile(r"USING\s+CRON\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(\S+)", re.IGNORECASE)


class Task(msgspec.Struct):
    """A task's definition and state; names of tasks are full and dotted."""

    database: str
    schema: str
    name: str
    id: str
    created_on: datetime
    body: str
    settings: dict[str, str]
    predecessors: list[str]
    condition: str | None
    committed_on: datetime
    started: bool = False
    resumed_on: datetime | None = None
    suspended_on: datetime | None = None
    suspended_reason: str | None = None
    failures: int = 0
    version: int = 1

    @property
    def full_name(self) -> str:
        """The dotted name."""
        return f"{self.database}.{self.schema}.{self.name}"

    @property
    def overlapping(self) -> bool:
        """Whether a run may start while another is running."""
        return self.settings.get("ALLOW_OVERLAPPING_EXECUTION", "false").lower() == "true"


def next_time(schedule: str, base: datetime, after: datetime) -> datetime:
    """Return when a schedule, an interval counted from `base` or a CRON, is due after `after`."""
    if match := _INTERVAL.fullmatch(schedule.strip()):
        seconds = int(match[1]) * _UNITS[match[2][0].upper()]
        if 10 <= seconds <= 8 * 86400:
            step = timedelta(seconds=seconds)
            return base + ((after - base) // step + 1) * step
    if match := _CRON.fullmatch(schedule.strip()):
        try:
            zone = ZoneInfo(match[2])
            found = croniter(match[1], after.astimezone(zone)).get_next(datetime)
        except (ValueError, KeyError, OSError):
            pass
        else:
            return datetime.fromtimestamp(found.timestamp(), UTC)
    raise compilation(2140, f"Invalid schedule '{schedule}' for task.", "22023")


def require_execute(account: Account, task: Task, owner: str) -> None:
    """Raise unless a task's owner may execute tasks."""
    roles = account.service(Access).inherited(owner)
    if ADMIN in roles:
        return
    held = account.service(Access).held(roles, "ACCOUNT", "")
    for privilege in (
        ("EXECUTE TASK",)
        if "WAREHOUSE" in task.settings
        else (
            "EXECUTE TASK",
            "EXECUTE MANAGED TASK",
        )
    ):
        if privilege not in held:
            raise _may_not(privilege)


def _may_not(privilege: str) -> ProgrammingError:
    return error(
        91089,
        f"Cannot execute task , {privilege} privilege must be granted to owner role",
        "23001",
    )
