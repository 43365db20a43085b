"""What DuckDB has said of queries' columns: it stays true until what they read changes.

Only DDL changes a query's types, and the name of all that it reads is full. So one memory serves
all sessions, and DDL that changes a table's or view's columns empties it. A temporary table is one
session's: what reads it isn't kept.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Described = list[tuple[Any, ...]]
"""The rows of a DESCRIBE: a column's name, its type, …"""

T = TypeVar("T")

_MOST = 10_000


class Descriptions:
    """Described queries, by their text and the session's database and schema."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._changes = 0
        self._known: dict[Hashable, Any] = {}
        self._definitions: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)

    def of(self, question: Hashable, describe: Callable[[], T]) -> T:
        """Return what `describe` has said of a question; ask if nothing is known."""
        with self._turn:
            changes = self._changes
            known: T | None = self._known.get(question)
        if known is None:
            known = describe()
            with self._turn:
                # An answer that DDL has overtaken may be of before it
                if changes == self._changes:
                    if len(self._known) >= _MOST:
                        self._known.clear()
                    self._known[question] = known
        return known

    def forget(self) -> None:
        """Forget everything."""
        with self._turn:
            self._changes += 1
            self._known.clear()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Run DDL that may change columns; all is forgotten before its client has the answer."""
        try:
            yield
        finally:
            self.forget()

    @contextmanager
    def replacing(self, name: Hashable, columns: Callable[[], object]) -> Iterator[None]:
        """Run CREATE or DROP; what is known stays if a table's or view's `columns` are as before.

        Two of one name run one after the other: else neither might see what the other has changed.
        """
        with self._turn:
            definition = self._definitions[name]
        with definition:
            changes, before = self._changes, columns()
            try:
                yield
            finally:
                if columns() != before or changes != self._changes:
                    self.forget()
