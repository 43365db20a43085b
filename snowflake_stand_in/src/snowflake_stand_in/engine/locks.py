"""Table locks: writers of a table wait for each other as in Snowflake, where DuckDB would fail."""

import threading
import time
from collections.abc import Iterable

from snowflake_stand_in.sql.errors import error
from snowflake_stand_in.sql.names import TableName


class TableLocks:
    """Exclusive locks on tables, and when each table last changed.

    An owner is any hashable object (a session). `commits` orders commits and snapshots: who
    holds it may commit in DuckDB or take a snapshot, so both agree on what a snapshot contains.
    """

    def __init__(self) -> None:
        self.commits = threading.RLock()
        self._clock = 0
        self._changed: dict[TableName, int] = {}
        self._turn = threading.Condition()
        self._owners: dict[TableName, object] = {}
        self._wanted: dict[object, TableName] = {}
        self._interrupted: set[object] = set()

    def acquire(self, owner: object, table: TableName, timeout: float) -> None:
        """Lock `table`, waiting up to `timeout` seconds for the transaction that holds it."""
        deadline = time.monotonic() + timeout
        with self._turn:
            self._interrupted.discard(owner)
            try:
                while self._owners.get(table, owner) is not owner:
                    self._wanted[owner] = table
                    if self._waits_for_itself(owner):
                        raise error(625, f"Deadlock on table '{table}': statement aborted", "57014")
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._turn.wait(left):
                        raise error(
                            625,
                            f"Another transaction has locked table '{table}' and has not yet "
                            f"released it within LOCK_TIMEOUT ({timeout:g} s): statement aborted",
                            "57014",
                        )
                    if owner in self._interrupted:
                        raise error(604, "SQL execution canceled", "57014")
                self._owners[table] = owner
            finally:
                self._wanted.pop(owner, None)

    def interrupt(self, owner: object) -> None:
        """End the wait of `owner`, if it waits."""
        with self._turn:
            self._interrupted.add(owner)
            self._turn.notify_all()

    def release(self, owner: object) -> None:
        """Release all that `owner` has locked."""
        with self._turn:
            self._owners = {t: o for t, o in self._owners.items() if o is not owner}
            self._turn.notify_all()

    def held_by(self, owner: object) -> list[TableName]:
        """Return the tables that `owner` has locked."""
        with self._turn:
            return sorted(table for table, holder in self._owners.items() if holder is owner)

    def snapshot(self) -> int:
        """Return the number of the newest commit. Call it holding `commits`."""
        return self._clock

    def record(self, tables: Iterable[TableName]) -> None:
        """Note that a commit changed `tables`. Call it holding `commits`."""
        self._clock += 1
        self._changed.update(dict.fromkeys(tables, self._clock))

    def changed_since(self, table: TableName, snapshot: int) -> bool:
        """Whether a commit after `snapshot` changed `table`."""
        return self._changed.get(table, 0) > snapshot

    def _waits_for_itself(self, owner: object) -> bool:
        holder: object | None = self._owners.get(self._wanted[owner])
        while holder is not None and holder in self._wanted:
            holder = self._owners.get(self._wanted[holder])
            if holder is owner:
                return True
        return False
