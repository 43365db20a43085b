"""What became of an hour: one record, returned to the caller and kept beside the blob."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

Verdict = Literal["published", "republished", "never_published", "empty"]
Era = Literal["timeline", "events", "trimmed"]


class HourOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The account of one ingested hour; kept + dropped + quarantined lines = `lines_read`.

    `content_sha256` is of the blob's bytes, `content_bytes` and `content_crc32` are of the NDJSON
    in it. Without rows to load, `content_sha256` is None and the sizes are 0.
    """

    hour: str
    blob_name: str
    verdict: Verdict
    source_url: str
    filter_fingerprint: str
    ingested_at: datetime
    source_etag: str | None = None
    source_bytes: int = 0
    era: Era | None = None
    lines_read: int = 0
    kept: dict[str, int] = {}
    dropped: dict[str, int] = {}
    quarantined: dict[str, int] = {}
    content_sha256: str | None = None
    content_bytes: int = 0
    content_crc32: str | None = None
    blob_bytes: int = 0
    first_created_at: datetime | None = None
    last_created_at: datetime | None = None
    event_dates: list[date] = []

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types, for XCom."""
        builtins: dict[str, Any] = msgspec.to_builtins(self)
        return builtins
