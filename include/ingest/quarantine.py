"""Lines that no reader could use, kept with the reason."""

from __future__ import annotations

import base64

import msgspec

from include.ingest.blob import GzipBlob
from include.ingest.events import Reason


class QuarantinedLine(msgspec.Struct, omit_defaults=True):
    """One line of the quarantine blob; `raw_base64` in place of `raw` where it isn't UTF-8.

    `line_number` counts from 1 in the source file. Of an overlong line, `raw` is the first MiB.
    """

    line_number: int
    reason: Reason
    raw: str | None = None
    raw_base64: str | None = None


class Quarantine:
    """The quarantine blob of an hour."""

    def __init__(self, blob: GzipBlob) -> None:
        """Write into `blob`, which the caller publishes."""
        self._blob = blob

    def add(self, line_number: int, reason: Reason, raw: bytes) -> None:
        """Append one bad line."""
        line = QuarantinedLine(line_number, reason)
        try:
            line.raw = raw.decode()
        except UnicodeDecodeError:
            line.raw_base64 = base64.b64encode(raw).decode()
        self._blob.write(msgspec.json.encode(line) + b"\n")
