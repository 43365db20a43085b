"""Load hours into Bronze and write the ledger, in one transaction.

The statements are the files of `load/`, in the order they run. The task `reconcile` of
`migrations/` runs the same ones inside Snowflake.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from include.sql.statements import run_statement, transaction

STATEMENTS = Path(__file__).parent / "load"
BLOB_NAME = "[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2}[.]json[.]gz"
"""What a blob's name must be in whole, as Python and Snowflake read it."""
FILES_PER_COPY = 1000
"""Snowflake's limit for FILES = (…)."""

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
    _check_names(outcomes)
    cursor = connection.cursor()
    changed = _changed(cursor, outcomes)
    if not changed:
        log.info("Nothing to load: %s hours unchanged", len(outcomes))
        return LoadResult(loaded=0, unchanged=len(outcomes), rows=0, load_seq=None)

    with transaction(cursor):
        _run(cursor, "1_lock")
        # Another load may have brought some of them while this one waited for the lock
        changed = _changed(cursor, outcomes)
        ((load_seq,),) = _run(cursor, "2_load_seq")
        if changed:
            _replace(cursor, changed, load_seq)
    rows = sum(outcome["lines_kept"] for outcome in changed)
    log.info("Load %s: %s hours, %s rows", load_seq, len(changed), rows)
    return LoadResult(
        loaded=len(changed), unchanged=len(outcomes) - len(changed), rows=rows, load_seq=load_seq
    )


def _check_names(outcomes: Sequence[Outcome]) -> None:
    """Let only names of the documented layout into the text of a COPY, which takes no binds."""
    for outcome in outcomes:
        name = outcome["blob_name"]
        if not re.fullmatch(BLOB_NAME, name):
            raise LoadError(f"{name!r} is no blob name of the form yyyy/MM/dd/HH.json.gz")


def _changed(cursor: SnowflakeCursor, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Select the outcomes that the ledger doesn't hold."""
    changed = {name for (name,) in _run(cursor, "0_changed", outcomes=outcomes)}
    return [outcome for outcome in outcomes if outcome["blob_name"] in changed]


def _replace(cursor: SnowflakeCursor, outcomes: Sequence[Outcome], load_seq: int) -> None:
    """Bring the rows of these hours and record it."""
    load_id = str(uuid.uuid4())
    names = [outcome["blob_name"] for outcome in outcomes]
    # Constants in the text: Snowflake prunes by no subquery, and Bronze holds years
    files: dict[str, Any] = {"first_file": min(names), "last_file": max(names)}
    present = dict(_run(cursor, "3_present", outcomes=outcomes, **files))
    if replaced := [name for name, is_current in present.items() if not is_current]:
        _run(cursor, "4_removed_dates", replaced=replaced, load_seq=load_seq, **files)
        _run(cursor, "5_delete", replaced=replaced, **files)

    to_copy = [
        outcome["blob_name"]
        for outcome in outcomes
        if outcome["lines_kept"] and not present.get(outcome["blob_name"])
    ]
    for start in range(0, len(to_copy), FILES_PER_COPY):
        copied = ", ".join(f"'{name}'" for name in to_copy[start : start + FILES_PER_COPY])
        _run(cursor, "6_copy", files=copied, load_id=load_id)

    _run(cursor, "7_ledger", outcomes=outcomes, load_seq=load_seq, load_id=load_id, **files)
    _run(cursor, "8_added_dates", outcomes=outcomes, load_seq=load_seq)
    if unequal := _run(cursor, "9_unequal", load_seq=load_seq):
        counts = "; ".join(f"{name}: {loaded} of {kept}" for name, kept, loaded in unequal)
        raise LoadError(
            f"Rows loaded differ from lines kept, so nothing was loaded. {counts}. "
            "A blob may have been replaced meanwhile: run its hour's ingest again, then the load."
        )


def _run(
    cursor: SnowflakeCursor,
    statement: str,
    *,
    outcomes: Sequence[Outcome] | None = None,
    replaced: Sequence[str] | None = None,
    **names: object,
) -> list[tuple[Any, ...]]:
    """Run one file of `load/`; `outcomes` and `replaced` are bound, `names` are written into it."""
    arrays = {"outcomes": outcomes, "replaced": replaced}
    binds = {name: json.dumps(array) for name, array in arrays.items() if array is not None}
    return run_statement(
        cursor,
        STATEMENTS / f"{statement}.sql",
        binds,
        **{name: f"parse_json(%({name})s)" for name in binds},
        **names,
    )
