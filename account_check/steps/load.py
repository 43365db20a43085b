"""Ingest a real hour, and load it through the stage."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from account_check.account import rows
from account_check.findings import Finding, judged, not_tried, tried
from account_check.run import Run
from include.ingest import IngestSettings, ingest_hour
from include.sql.load import load_hours

# A format that can't read what the records have
_OTHER_FORMAT = "DD-MON-YYYY HH24:MI"


def ingest(run: Run, hour: datetime) -> dict[str, Any]:
    """Bring an hour before the stages; return its outcome."""
    settings = IngestSettings(base_url=run.source_url)
    outcome = ingest_hour(hour, settings, run.storage.containers()).to_dict()
    with run.administrator() as cursor:
        run.storage.bring(cursor)
    return outcome


def check(run: Run) -> Iterator[Finding]:
    """Load as the loader, then look."""
    run.outcome = ingest(run, run.hour)
    name, kept = run.outcome["blob_name"], run.outcome["lines_kept"]
    with run.login("loader") as connection:
        load_hours(connection, [run.outcome])
    with run.administrator() as cursor:
        ((loaded,),) = rows(
            cursor, "select count(*) from bronze.events_current where file_name = %s", name
        )
        ((exact,),) = rows(
            cursor, "select is_exact from ledger.reconciliation where file_name = %s", name
        )
        ((modified,),) = rows(
            cursor,
            "select max(file_last_modified) from bronze.BronzeRaw where file_name = %s",
            name,
        )
    says = "exact" if exact else "not exact"
    yield judged(
        "hour-loaded", kept == loaded and bool(exact), f"{loaded} of {kept} rows, the ledger {says}"
    )

    told = run.storage.last_modified(name)
    if told is None:
        yield not_tried("last-modified", "needs GHARCHIVE_BLOB_URL and GHARCHIVE_BLOB_SAS")
    else:
        yield judged("last-modified", told == modified, f"{modified} in Bronze, {told} in Blob")

    yield tried("auto-time", lambda: _read_time(run))


def _read_time(run: Run) -> tuple[bool, object]:
    with run.administrator() as cursor:
        cursor.execute(f"alter session set timestamp_input_format = '{_OTHER_FORMAT}'")
        ((read,),) = rows(cursor, "select to_timestamp_ntz('2015-01-01T12:00:00.5Z', 'AUTO')")
    return read == datetime(2015, 1, 1, 12, 0, 0, 500_000), read
