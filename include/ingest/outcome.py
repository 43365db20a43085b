"""What became of an hour: one record, returned to the caller and kept beside the blob."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from include.ingest.errors import Damage

Verdict = Literal[
    "published", "republished", "suspiciously_small", "damaged", "empty", "never_published"
]
WHOLE: frozenset[Verdict] = frozenset({"published", "republished", "suspiciously_small"})
"""Verdicts of hours whose file came whole, with something in it."""
ALARMING: frozenset[Verdict] = frozenset(
    {"suspiciously_small", "damaged", "empty", "never_published"}
)
"""Verdicts that don't stop a day, and that somebody should hear of."""
Era = Literal["timeline", "events", "trimmed"]


class HourOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The account of one ingested hour; kept + dropped + quarantined lines = `lines_read`.

    `content_sha256` is of the blob's bytes, `content_bytes` and `content_crc32` are of the NDJSON
    in it. Without rows to load, `content_sha256` is None and the sizes are 0. `usual_bytes` is the
    size that neighbouring hours' files led to expect, where that was asked for.
    `blob_last_modified` is the storage service's own time of the blob described, whole seconds in
    UTC: it tells this version of the blob from others. None where there is no blob.
    """

    hour: str
    blob_name: str
    verdict: Verdict
    source_url: str
    filter_fingerprint: str
    ingested_at: datetime
    source_etag: str | None = None
    source_bytes: int = 0
    usual_bytes: int | None = None
    damage: Damage | None = None
    era: Era | None = None
    lines_read: int = 0
    kept: dict[str, int] = {}
    dropped: dict[str, int] = {}
    quarantined: dict[str, int] = {}
    lines_kept: int = 0
    lines_dropped: int = 0
    lines_quarantined: int = 0
    content_sha256: str | None = None
    content_bytes: int = 0
    content_crc32: str | None = None
    blob_bytes: int = 0
    blob_last_modified: datetime | None = None
    first_created_at: datetime | None = None
    last_created_at: datetime | None = None
    event_dates: list[date] = []

    def __post_init__(self) -> None:
        """Add up the counts, for readers of the record in SQL."""
        for name in ("kept", "dropped", "quarantined"):
            msgspec.structs.force_setattr(self, f"lines_{name}", sum(getattr(self, name).values()))

    @property
    def is_alarming(self) -> bool:
        """Whether somebody should hear of this hour, although its day goes on."""
        return self.verdict in ALARMING

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types, for XCom."""
        builtins: dict[str, Any] = msgspec.to_builtins(self)
        return builtins
