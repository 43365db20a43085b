"""What a caller may decide about an ingest."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec

INGEST_VERSION = 2
"""Raise it when the same source bytes would give another blob: all hours are ingested again."""

UNUSED_TYPES = frozenset({"GollumEvent", "MemberEvent", "GistEvent", "DownloadEvent"})
"""Event types that nothing downstream reads."""


class IngestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about an ingest but the hour and the containers.

    `kept_types`, if given, is the whole list of event types to keep and `dropped_types` is unused;
    otherwise every type but `dropped_types` is kept, types unknown today included.
    Timeouts and waits are in seconds. `total_timeout` bounds one attempt's download.

    An hour of which more than `max_quarantined_share` of the lines are unusable fails. One whose
    file has less than `suspicious_share` of its neighbours' size is called suspiciously small; at
    0 nobody asks for their sizes.
    """

    base_url: str = "https://data.gharchive.org"
    kept_types: frozenset[str] | None = None
    dropped_types: frozenset[str] = UNUSED_TYPES
    max_quarantined_share: float = 0.05
    suspicious_share: float = 0.1
    never_published_after: timedelta = timedelta(hours=24)
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_timeout: float = 1800.0
    attempts: int = 3
    retry_wait: float = 1.0

    def keeps(self, event_type: str) -> bool:
        """Tell whether events of this type go into the blob."""
        if self.kept_types is not None:
            return event_type in self.kept_types
        return event_type not in self.dropped_types

    @property
    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect, and to wait for an answer to go on, as requests takes them."""
        return (self.connect_timeout, self.read_timeout)

    @property
    def keeps_everything(self) -> bool:
        """Whether no type is dropped, whatever the hour holds."""
        return self.kept_types is None and not self.dropped_types

    @property
    def fingerprint(self) -> str:
        """Name what decides the blob's content besides the source: the types and our version."""
        types = (
            {"drop": sorted(self.dropped_types)}
            if self.kept_types is None
            else {"keep": sorted(self.kept_types)}
        )
        return hashlib.sha256(msgspec.json.encode([INGEST_VERSION, types])).hexdigest()[:16]
