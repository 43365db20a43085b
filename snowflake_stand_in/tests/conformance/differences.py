"""Where the stand-in can't do as Snowflake does: the one list, with the reasons.

Each is tried: the day it no longer differs, its test fails and the entry has to go. A statement
that answers otherwise instead of failing has a rule, by which its users' linter keeps it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """What the stand-in does instead, and why.

    Without `rows` or `types` it fails, or it takes several sessions to see; otherwise a statement
    gives those, silently, and `rule` is the lint's.
    """

    reason: str
    rows: Sequence[tuple[Any, ...]] | None = None
    types: Sequence[str] | None = None
    rule: str | None = None

    @property
    def is_silent(self) -> bool:
        """Whether a statement runs and does something else."""
        return self.rows is not None or self.types is not None


_WIDE = "whole numbers have 64 bits in DuckDB's BIGINT; a larger one is an error"
_HISTORY = "the stand-in keeps no history of data; it refuses"
_UNDONE = "DuckDB undoes the whole transaction with the statement; whatever follows is refused"

DIFFERENCES: dict[str, Difference] = {
    "number-integer-is-38-0": Difference(_WIDE),
    "connector-large-number": Difference(_WIDE),
    "variant-path-exponent": Difference(
        "DuckDB writes the numbers below a path itself, and keeps no exponent",
        rows=[("100.0",)],
        rule="variant-text",
    ),
    "variant-values-need-select": Difference(
        "DuckDB takes any expression in VALUES", rows=[(1,)], rule="values-of-calls"
    ),
    "table-quoted-name": Difference("DuckDB's names mind no case; names in lower case are refused"),
    "table-like": Difference("constraints and defaults would be lost; it refuses"),
    "table-clone": Difference("constraints and defaults would be lost; it refuses"),
    "table-undrop": Difference(_HISTORY),
    "table-time-travel": Difference(_HISTORY),
    "query-operator-stats": Difference("DuckDB has no partitions; the table of operators is empty"),
    "put-again-skips": Difference(
        "the connector writes over files of a local folder; it refuses PUT of one that is there"
    ),
    "connector-multi-statement": Difference("one statement a request; several are an error"),
    "transaction-read-committed-after-write": Difference(
        "DuckDB reads the state at the transaction's first write; locked tables are read as they "
        "are after the wait, and a write to a table that has changed since is refused",
    ),
    "transaction-failed-statement": Difference(_UNDONE),
    "transaction-failed-query": Difference(_UNDONE),
}
