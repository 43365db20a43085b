"""What a file of events holds, and whether the tables hold the same."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

Query = Callable[..., list[tuple[Any, ...]]]
"""Asks Snowflake: SQL and its binds to rows."""

DROPPED = {"GollumEvent", "MemberEvent", "GistEvent", "DownloadEvent"}


def kept_by_type(file: Path) -> Counter[str]:
    """Count a file's events that the pipeline keeps, without the pipeline's code."""
    with gzip.open(file) as lines:
        types = Counter(json.loads(line)["type"] for line in lines)
    return Counter({name: count for name, count in types.items() if name not in DROPPED})


def bronze_by_type(query: Query, file_name: str) -> Counter[str]:
    """Count a file's rows as Bronze's readers see them."""
    rows = query(
        "select event:type::varchar, count(*) from bronze.events_current"
        " where file_name = %s group by 1",
        file_name,
    )
    return Counter(dict(rows))


def assert_reconciled(query: Query) -> None:
    """Check that rows agree from the ledger to Gold."""
    checks = query("select check_name, subject_count, mismatch_count from gold.reconciliation")
    assert len(checks) == 7
    assert all(subjects > 0 and mismatches == 0 for _, subjects, mismatches in checks), checks
