"""Load hours into Bronze and write the ledger, in one transaction.

The statements are the files of `load/`, in the order they run.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from include.sql.statements import run_statement, transaction

STATEMENTS = Path(__file__).parent / "load"
BLOB_NAME = re.compile(r"\d{4}/\d\d/\d\d/\d\d\.json\.gz")
FILES_PER_COPY = 1000  # Snowflake's limit for FILES = (…)

log = logging.getLogger(__name__)

Outcome = Mapping[str, Any]
"""An hour's outcome record, as `include.ingest` returns and stores it."""


class LoadError(Exception):
    """Bronze would not equal what ingest kept; nothing was loaded."""


@dataclass(frozen=True)
class LoadResult:
    """What one call of `load_hours` did. Counts are of files (hours) and rows."""

    loaded: int
    unchanged: int
    rows: int
    load_seq: int | None


def load_hours(connection: SnowflakeConnection, outcomes: Sequence[Outcome]) -> LoadResult:
    """Bring Bronze and the ledger to these outcomes, replacing exactly the hours that changed.

    Safe to repeat and to run beside loads of other days: they queue at the ledger's lock. An
    unchanged day costs one query. Raises LoadError, with everything rolled back, if an hour's
    rows are not the rows that ingest kept.
    """
    cursor = connection.cursor()
    # Snowflake takes no empty IN (…)
    changed = _changed(cursor, outcomes) if outcomes else []
    if not changed:
        log.info("Nothing to load: %s hours unchanged", len(outcomes))
        return LoadResult(loaded=0, unchanged=len(outcomes), rows=0, load_seq=None)

    with transaction(cursor):
        _run(cursor, "1_lock")
        # Another load may have brought some of them while this one waited for the lock
        changed = _changed(cursor, outcomes)
        ((load_seq,),) = _run(cursor, "2_load_seq")
        rows = _replace(cursor, changed, load_seq) if changed else 0
    log.info("Load %s: %s hours, %s rows", load_seq, len(changed), rows)
    return LoadResult(
        loaded=len(changed), unchanged=len(outcomes) - len(changed), rows=rows, load_seq=load_seq
    )


def _changed(cursor: SnowflakeCursor, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Select the outcomes whose version isn't the one that the ledger holds."""
    rows = _run(cursor, "0_current", files=[outcome["blob_name"] for outcome in outcomes])
    current = {file_name: version for file_name, *version in rows}
    return [
        outcome
        for outcome in outcomes
        if current.get(outcome["blob_name"])
        != [outcome["source_etag"], outcome["filter_fingerprint"], outcome["content_sha256"]]
    ]


def _replace(cursor: SnowflakeCursor, outcomes: Sequence[Outcome], load_seq: int) -> int:
    """Replace the rows of these hours and record it; return the rows loaded."""
    files = [outcome["blob_name"] for outcome in outcomes]
    present = [file_name for (file_name,) in _run(cursor, "3_present", files=files)]
    if present:
        _run(cursor, "4_removed_dates", files=present, load_seq=load_seq)
        _run(cursor, "5_delete", files=present)

    to_copy = [outcome["blob_name"] for outcome in outcomes if _total(outcome["kept"])]
    for start in range(0, len(to_copy), FILES_PER_COPY):
        _run(cursor, "6_copy", files=to_copy[start : start + FILES_PER_COPY])

    loaded = {name: (key, rows) for name, key, rows in _run(cursor, "7_loaded", files=files)}
    entries = [
        _ledger_entry(outcome, *loaded.get(outcome["blob_name"], (None, 0))) for outcome in outcomes
    ]
    _check(entries)
    binds = {
        "load_id": str(uuid.uuid4()),
        "loaded_at": datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" "),
        "entries": json.dumps(entries),
    }
    _run(cursor, "8_ledger", binds, load_seq=load_seq)
    _run(cursor, "9_added_dates", binds, load_seq=load_seq)
    return sum(entry["rows_loaded"] for entry in entries)


def _ledger_entry(outcome: Outcome, content_key: str | None, rows_loaded: int) -> dict[str, Any]:
    return {
        "outcome": dict(outcome),
        "file_hour": outcome["hour"].replace("T", " ") + ":00:00",
        "content_key": content_key,
        "rows_kept": _total(outcome["kept"]),
        "rows_dropped": _total(outcome["dropped"]),
        "rows_quarantined": _total(outcome["quarantined"]),
        "rows_loaded": rows_loaded,
        "first_created_at": _ntz(outcome["first_created_at"]),
        "last_created_at": _ntz(outcome["last_created_at"]),
    }


def _check(entries: Sequence[Mapping[str, Any]]) -> None:
    wrong = [
        f"{entry['outcome']['blob_name']}: {entry['rows_loaded']} of {entry['rows_kept']}"
        for entry in entries
        if entry["rows_loaded"] != entry["rows_kept"]
    ]
    if wrong:
        raise LoadError(
            f"Rows loaded differ from lines kept, so nothing was loaded. {'; '.join(wrong)}. "
            "A blob may have been replaced meanwhile: run its hour's ingest again, then the load."
        )


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _ntz(timestamp: str | None) -> str | None:
    """Turn `2015-01-01T12:00:00Z` into the form of a TIMESTAMP_NTZ in UTC."""
    return timestamp and timestamp.removesuffix("Z").replace("T", " ")


def _run(
    cursor: SnowflakeCursor,
    statement: str,
    binds: Mapping[str, str] | None = None,
    *,
    files: Sequence[str] = (),
    load_seq: int | None = None,
) -> list[tuple[Any, ...]]:
    """Run one file of `load/`; `files` and `load_seq` are written into it, `binds` are bound."""
    for name in files:
        # FILES = (…) takes no bind variables, so only names of the documented layout get in
        if not BLOB_NAME.fullmatch(name):
            raise LoadError(f"{name!r} is no blob name of the form yyyy/MM/dd/HH.json.gz")
    return run_statement(
        cursor,
        STATEMENTS / f"{statement}.sql",
        binds,
        files=", ".join(f"'{name}'" for name in files),
        load_seq=load_seq,
    )
