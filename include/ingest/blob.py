"""What is written into a blob: gzip made or passed on, and JSON records."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import msgspec
from isal import isal_zlib

from include.ingest.store import Store, open_blob

T = TypeVar("T")

DEFLATE_BYTES = 1 << 20
PIECES_WAITING = 2
BLOCK_BYTES = 4 << 20
# Level 3 gives other bytes on other CPUs
DEFLATE_LEVEL = 2
GZIP_WITHOUT_TIME = 31


def gzip_compressor() -> isal_zlib.Compress:
    """Return a compressor whose bytes are the same on every machine."""
    return isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, GZIP_WITHOUT_TIME)


_NO_CONTENT_SHA256 = hashlib.sha256(gzip_compressor().flush()).hexdigest()


class Content(msgspec.Struct, frozen=True):
    """What a published blob holds: its own hash and size, then size and checksum of the content.

    The defaults stand for no content at all; `last_modified` is of a blob without content too.
    """

    sha256: str | None = None
    blob_bytes: int = 0
    content_bytes: int = 0
    content_crc32: str | None = None
    last_modified: datetime | None = None


class GzipBlob:
    """A gzip blob written piece by piece and visible only once published.

    The same content gives the same bytes, however it is cut into pieces. Compressing, hashing and
    uploading take place beside the caller, in one thread; memory is bounded by a few pieces.
    """

    def __init__(self, store: Store, name: str) -> None:
        """Look at the blob as it is now; publishing replaces this version and no other."""
        self._blob = open_blob(store, name)
        self._found_sha256 = self._blob.look()
        self._is_empty = True
        self._pieces: list[bytes] = []
        self._piece_bytes = 0
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._work: deque[Future[None]] = deque()
        # What follows is the worker's alone until `publish` has waited for it
        self._gzip: isal_zlib.Compress | None = None
        self._rest = b""
        self._content_bytes = 0
        self._content_crc32 = 0
        self._unstaged: list[bytes] = []
        self._unstaged_bytes = 0
        self._blob_bytes = 0
        self._sha256 = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Append `piece` to the content."""
        self._is_empty = self._is_empty and not piece
        self._pieces.append(piece)
        self._piece_bytes += len(piece)
        if self._piece_bytes >= DEFLATE_BYTES:
            self._have_done(self._compress, self._pieces)
            self._pieces, self._piece_bytes = [], 0

    def write_compressed(self, compressed: bytes) -> None:
        """Append bytes that are gzip already; what they inflate to goes to `count`."""
        self._is_empty = False
        self._have_done(self._emit, compressed)

    def count(self, content: bytes) -> None:
        """Account for content that was passed on."""
        self._have_done(self._count, content)

    def holds(self, sha256: str | None) -> bool:
        """Tell whether the blob found has this hash; None stands for no content."""
        if sha256 is None:
            return self._found_sha256 in (None, _NO_CONTENT_SHA256)
        return self._found_sha256 == sha256

    @property
    def last_modified(self) -> datetime | None:
        """When the store says that the blob found, or published, was modified; None without."""
        return self._blob.last_modified

    def publish(self, summary: Mapping[str, str] | None = None) -> Content:
        """Make the content visible in one step, with `summary` in the blob's metadata.

        No content replaces a blob, since the old rows must go, but doesn't create one; a blob that
        already holds the same bytes stays untouched. Raises LostRaceError if another writer has
        put something else there since we looked.
        """
        if self._is_empty and self.holds(None):
            return Content(last_modified=self.last_modified)
        self._have_done(self._finish, self._pieces)
        self._wait(at_most=0)
        content = Content(
            sha256=self._sha256.hexdigest(),
            blob_bytes=self._blob_bytes,
            content_bytes=self._content_bytes,
            content_crc32=f"{self._content_crc32:08x}",
        )
        if not self.holds(content.sha256):
            metadata = {
                "sha256": str(content.sha256),
                "content_bytes": str(content.content_bytes),
                "content_crc32": str(content.content_crc32),
            }
            self._blob.commit("application/gzip", metadata | dict(summary or {}))
        if self._is_empty:
            content = Content()
        return msgspec.structs.replace(content, last_modified=self.last_modified)

    def _have_done(self, work: Callable[[T], None], argument: T) -> None:
        self._wait(at_most=PIECES_WAITING - 1)
        self._work.append(self._worker.submit(work, argument))

    def _wait(self, at_most: int) -> None:
        while len(self._work) > at_most:
            self._work.popleft().result()

    def _compress(self, pieces: Sequence[bytes]) -> None:
        # In pieces of one size: isal's output depends on how its input is cut
        data = memoryview(b"".join([self._rest, *pieces]))
        whole = len(data) - len(data) % DEFLATE_BYTES
        for start in range(0, whole, DEFLATE_BYTES):
            self._deflate(data[start : start + DEFLATE_BYTES])
        self._rest = bytes(data[whole:])

    def _deflate(self, piece: bytes | memoryview) -> None:
        self._gzip = self._gzip or gzip_compressor()
        self._count(piece)
        self._emit(self._gzip.compress(piece))

    def _count(self, content: bytes | memoryview) -> None:
        self._content_bytes += len(content)
        self._content_crc32 = isal_zlib.crc32(content, self._content_crc32)

    def _emit(self, compressed: bytes) -> None:
        self._blob_bytes += len(compressed)
        self._unstaged.append(compressed)
        self._unstaged_bytes += len(compressed)
        if self._unstaged_bytes >= BLOCK_BYTES:
            self._stage()

    def _finish(self, pieces: Sequence[bytes]) -> None:
        self._compress(pieces)
        if self._rest:
            self._deflate(self._rest)
        if self._gzip or self._is_empty:
            self._emit((self._gzip or gzip_compressor()).flush())
        if self._unstaged_bytes:
            self._stage()

    def _stage(self) -> None:
        block = b"".join(self._unstaged)
        self._unstaged, self._unstaged_bytes = [], 0
        self._sha256.update(block)
        self._blob.stage(block)


class JsonBlob:
    """A small JSON record, replaced only by a writer that has seen its newest version."""

    def __init__(self, store: Store, name: str) -> None:
        """Read the record; `text` is None if there is none."""
        self._blob = open_blob(store, name)
        self.text = self._blob.read()

    def replace(self, text: bytes) -> None:
        """Write the record; raises LostRaceError if another writer did since it was read."""
        self._blob.stage(text)
        self._blob.commit("application/json", {"sha256": hashlib.sha256(text).hexdigest()})
