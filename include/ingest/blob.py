"""Blob storage's side: gzip blobs that appear whole or not at all, and never over a stranger's."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings
from isal import isal_zlib

from include.ingest.errors import IngestError, PermanentIngestError, TransientIngestError

DEFLATE_BYTES = 1 << 20
BLOCK_BYTES = 4 << 20
# Level 3 gives other bytes on other CPUs
DEFLATE_LEVEL = 2
GZIP_WITHOUT_TIME = 31
# Without a Content-Encoding no client inflates the blob behind its reader's back
GZIP_CONTENT = ContentSettings(content_type="application/gzip")
JSON_CONTENT = ContentSettings(content_type="application/json")

# What Azure answers if another writer committed first: its commit discards our blocks
_LOST_RACE = {
    "BlobAlreadyExists",
    "ConditionNotMet",
    "InvalidBlobOrBlock",
    "InvalidBlockList",
}


_NO_CONTENT_SHA256 = hashlib.sha256(
    isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, GZIP_WITHOUT_TIME).flush()
).hexdigest()


class LostRaceError(TransientIngestError):
    """Another writer changed the blob since we looked at it: look again."""


class Content(msgspec.Struct, frozen=True):
    """What a published blob holds: its own hash and size, then size and checksum of the content.

    The defaults stand for no content at all.
    """

    sha256: str | None = None
    blob_bytes: int = 0
    content_bytes: int = 0
    content_crc32: str | None = None


class GzipBlob:
    """A gzip blob written piece by piece and visible only once published.

    The same content gives the same bytes, however it is cut into pieces. Memory is bounded by
    a block and a piece.
    """

    def __init__(self, client: BlobClient) -> None:
        """Look at the blob as it is now; publishing replaces this version and no other."""
        self._client = client
        self._found_etag, self._found_sha256 = _look_at(client)
        self._pieces: list[bytes] = []
        self._piece_bytes = 0
        self._content_bytes = 0
        self._content_crc32 = 0
        self._gzip = isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, GZIP_WITHOUT_TIME)
        self._unstaged: list[bytes] = []
        self._unstaged_bytes = 0
        self._blob_bytes = 0
        self._sha256 = hashlib.sha256()
        # Uncommitted blocks of all writers of a blob share one namespace
        self._block_prefix = secrets.token_hex(8)
        self._blocks: list[BlobBlock] = []

    def write(self, piece: bytes) -> None:
        """Append `piece` to the content."""
        self._pieces.append(piece)
        self._piece_bytes += len(piece)
        if self._piece_bytes >= DEFLATE_BYTES:
            self._deflate()

    def holds(self, sha256: str | None) -> bool:
        """Tell whether the blob found has this hash; None stands for no content."""
        if sha256 is None:
            return self._found_sha256 in (None, _NO_CONTENT_SHA256)
        return self._found_sha256 == sha256

    def publish(self) -> Content:
        """Make the content visible in one step.

        No content replaces a blob, since the old rows must go, but doesn't create one; a blob that
        already holds the same bytes stays untouched. Raises LostRaceError if another writer has
        put something else there since we looked.
        """
        self._deflate(to_the_end=True)
        self._emit(self._gzip.flush())
        sha256 = self._sha256.hexdigest()
        content = Content(
            sha256=sha256,
            blob_bytes=self._blob_bytes,
            content_bytes=self._content_bytes,
            content_crc32=f"{self._content_crc32:08x}",
        )
        if not self.holds(sha256 if self._content_bytes else None):
            self._commit(sha256, content)
        return content if self._content_bytes else Content()

    def _deflate(self, to_the_end: bool = False) -> None:
        # In pieces of one size: isal's output depends on how its input is cut
        data = memoryview(b"".join(self._pieces))
        end = len(data) if to_the_end else len(data) - len(data) % DEFLATE_BYTES
        for start in range(0, end, DEFLATE_BYTES):
            self._emit(self._gzip.compress(data[start : min(start + DEFLATE_BYTES, end)]))
        self._content_bytes += end
        self._content_crc32 = isal_zlib.crc32(data[:end], self._content_crc32)
        self._pieces = [bytes(data[end:])]
        self._piece_bytes = len(data) - end

    def _emit(self, compressed: bytes) -> None:
        self._sha256.update(compressed)
        self._blob_bytes += len(compressed)
        self._unstaged.append(compressed)
        self._unstaged_bytes += len(compressed)
        if self._unstaged_bytes >= BLOCK_BYTES:
            self._stage()

    def _stage(self) -> None:
        block_id = f"{self._block_prefix}-{len(self._blocks):05d}"
        with azure_errors(self._client):
            self._client.stage_block(block_id, b"".join(self._unstaged), validate_content=True)
        self._blocks.append(BlobBlock(block_id))
        self._unstaged, self._unstaged_bytes = [], 0

    def _commit(self, sha256: str, content: Content) -> None:
        self._stage()
        try:
            with azure_errors(self._client):
                self._client.commit_block_list(
                    self._blocks,
                    content_settings=GZIP_CONTENT,
                    metadata={
                        "sha256": sha256,
                        "content_bytes": str(content.content_bytes),
                        "content_crc32": str(content.content_crc32),
                    },
                    validate_content=True,
                    **_only_if_still(self._found_etag),
                )
        except LostRaceError:
            # Also when our own first try did succeed and only its answer was lost
            if _look_at(self._client)[1] != sha256:
                raise


class JsonBlob:
    """A small JSON record, replaced only by a writer that has seen its newest version."""

    def __init__(self, client: BlobClient) -> None:
        """Read the record; `text` is None if there is none."""
        self._client = client
        self.text: bytes | None = None
        self._found_etag: str | None = None
        with azure_errors(client):
            try:
                download = client.download_blob()
            except ResourceNotFoundError as error:
                if _code(error) != "BlobNotFound":
                    raise
                return
            self.text = download.readall()
            self._found_etag = download.properties.etag

    def replace(self, text: bytes) -> None:
        """Write the record; raises LostRaceError if another writer did since it was read."""
        with azure_errors(self._client):
            self._client.upload_blob(
                text,
                overwrite=self._found_etag is not None,
                content_settings=JSON_CONTENT,
                validate_content=True,
                **_only_if_still(self._found_etag),
            )


@contextmanager
def azure_errors(client: BlobClient) -> Iterator[None]:
    """Turn Azure's errors into ours, without their cause: its text may hold the URL and its SAS."""
    blob = f"Blob {client.container_name}/{client.blob_name} on {client.primary_hostname}"
    try:
        yield
    except HttpResponseError as error:
        raise _translated(blob, error) from None
    except AzureError as error:
        raise TransientIngestError(
            f"{blob}: no answer ({type(error).__name__}). Retry; check the network if it stays."
        ) from None


def _translated(blob: str, error: HttpResponseError) -> IngestError:
    code = _code(error)
    said = f"{blob}: storage answered {error.status_code} {code}"
    if code in _LOST_RACE:
        return LostRaceError(f"{said}: another writer was faster. Retry.")
    if error.status_code in (401, 403):
        return PermanentIngestError(
            f"{said}: renew the SAS (object-level read, create, write) and check its dates."
        )
    if code == "ContainerNotFound":
        return PermanentIngestError(
            f"{said}: create the container or correct its name in the settings."
        )
    if error.status_code in (408, 429) or (error.status_code or 0) >= 500:
        return TransientIngestError(f"{said}. Retry later.")
    return PermanentIngestError(f"{said}: check the account URL and the storage account.")


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None) or error.reason
    return str(getattr(code, "value", code))


def _look_at(client: BlobClient) -> tuple[str | None, str | None]:
    """Return ETag and recorded SHA-256 of a blob; both None without a blob."""
    with azure_errors(client):
        try:
            found = client.get_blob_properties()
        except ResourceNotFoundError as error:
            if _code(error) != "BlobNotFound":
                raise
            return None, None
    # A blob that someone else put there has no record: like nothing we ever write
    return found.etag, (found.metadata or {}).get("sha256", "unknown")


def _only_if_still(etag: str | None) -> dict[str, Any]:
    if etag is None:
        return {"match_condition": MatchConditions.IfMissing}
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}
