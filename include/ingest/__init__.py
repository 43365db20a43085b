"""Bring one hour of GH Archive into Blob storage, checked, filtered and accounted for.

`ingest_hour` is the whole interface; the rest of what is exported describes its arguments,
its result and its errors.
"""

from include.ingest.alarm import alarm
from include.ingest.archive_hour import ArchiveHour
from include.ingest.errors import (
    IngestError,
    NotYetPublished,
    PermanentIngestError,
    TransientIngestError,
    UnusableHour,
)
from include.ingest.hour import ingest_hour
from include.ingest.outcome import HourOutcome, Verdict
from include.ingest.settings import CONTAINER_NAMES, DROPPED_TYPES, IngestSettings
from include.ingest.store import Containers

__all__ = [
    "CONTAINER_NAMES",
    "DROPPED_TYPES",
    "ArchiveHour",
    "Containers",
    "HourOutcome",
    "IngestError",
    "IngestSettings",
    "NotYetPublished",
    "PermanentIngestError",
    "TransientIngestError",
    "UnusableHour",
    "Verdict",
    "alarm",
    "ingest_hour",
]
