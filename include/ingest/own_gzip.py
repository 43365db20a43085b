"""Whether the archive's own gzip can be the blob, which is found as it is read."""

from __future__ import annotations

from collections.abc import Iterator

from include.ingest.blob import GzipBlob, gzip_compressor
from include.ingest.events import Sieve, whole_lines
from include.ingest.source import SourceFile

TRIAL_BYTES = 4 << 20


def reuse_gzip(source: SourceFile, sieve: Sieve, events: GzipBlob) -> str | None:
    """Stage the source's own bytes; return why they can't stand for the events, None if they can.

    Bytes that can't are never to be published. Whether lines are unusable, and whether the file is
    one gzip, is known at its end; whether ours would be smaller, after the first megabytes.
    """
    own = _OwnGzip(source, events)
    source.tee(events.write_compressed)
    for lines in whole_lines(own.content()):
        sieve.sift(lines)
        if own.is_larger or sieve.quarantined:
            break
    if own.is_larger:
        return "that is smaller"
    if sieve.quarantined:
        return "it has unusable lines"
    if not sieve.lines_read:
        return "it has no lines"
    if not (own.ends_whole and source.is_one_member):
        return "it isn't one gzip of whole lines"
    return None


class _OwnGzip:
    """The content of the archive's file, whose start is compressed for comparison."""

    def __init__(self, source: SourceFile, events: GzipBlob) -> None:
        self.is_larger = False
        self.ends_whole = True
        self._source = source
        self._events = events

    def content(self) -> Iterator[bytes]:
        """Yield the content, which ends early if our gzip of it is smaller."""
        trial = gzip_compressor()
        seen = trial_bytes = 0
        for piece in self._source.content():
            if seen < TRIAL_BYTES:
                trial_bytes += len(trial.compress(piece))
                seen += len(piece)
                self.is_larger = seen >= TRIAL_BYTES and trial_bytes < self._source.received_bytes
                if self.is_larger:
                    return
            self._events.count(piece)
            self.ends_whole = piece.endswith(b"\n")
            yield piece
        if seen < TRIAL_BYTES:
            self.is_larger = trial_bytes + len(trial.flush()) < self._source.received_bytes
