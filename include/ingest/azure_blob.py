"""A blob in an Azure container: staged in blocks, committed only over the version that was seen."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobClient, BlobProperties, ContentSettings

from include.ingest.errors import (
    IngestError,
    LostRaceError,
    PermanentIngestError,
    TransientIngestError,
)

# Its warning of an answer's bad headers has the whole URL, SAS included
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

# What Azure answers if another writer committed first: its commit discards our blocks
_LOST_RACE = {
    "BlobAlreadyExists",
    "ConditionNotMet",
    "InvalidBlobOrBlock",
    "InvalidBlockList",
}


class AzureBlob:
    """A `Blob` of `include.ingest.store`; the client's credential needs read, create and write."""

    last_modified: datetime | None = None

    def __init__(self, client: BlobClient) -> None:
        self._client = client
        # Uncommitted blocks of all writers of a blob share one namespace
        self._block_prefix = secrets.token_hex(8)
        self._blocks: list[BlobBlock] = []
        self._etag: str | None = None

    def look(self) -> str | None:
        found = self._properties()
        if found is None:
            self._etag = self.last_modified = None
            return None
        self._etag, self.last_modified = found.etag, found.last_modified
        return (found.metadata or {}).get("sha256", "unknown")

    def read(self) -> bytes | None:
        with _azure_errors(self._client):
            try:
                download = self._client.download_blob()
            except ResourceNotFoundError as error:
                if _code(error) != "BlobNotFound":
                    raise
                return None
            self._etag = download.properties.etag
            return download.readall()

    def stage(self, data: bytes) -> None:
        block_id = f"{self._block_prefix}-{len(self._blocks):05d}"
        with _azure_errors(self._client):
            self._client.stage_block(block_id, data, validate_content=True)
        self._blocks.append(BlobBlock(block_id))

    def commit(self, content_type: str, metadata: Mapping[str, str]) -> None:
        condition: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
        if self._etag is not None:
            condition = {"match_condition": MatchConditions.IfNotModified, "etag": self._etag}
        try:
            with _azure_errors(self._client):
                committed = self._client.commit_block_list(
                    self._blocks,
                    # Without a Content-Encoding no client inflates it behind its reader's back
                    content_settings=ContentSettings(content_type=content_type),
                    metadata=dict(metadata),
                    validate_content=True,
                    **condition,
                )
            self.last_modified = cast(datetime, committed["last_modified"])
        except LostRaceError:
            # Also when our own first try did succeed and only its answer was lost
            if self.look() != metadata["sha256"]:
                raise

    def _properties(self) -> BlobProperties | None:
        with _azure_errors(self._client):
            try:
                return self._client.get_blob_properties()
            except ResourceNotFoundError as error:
                if _code(error) != "BlobNotFound":
                    raise
                return None


@contextmanager
def _azure_errors(client: BlobClient) -> Iterator[None]:
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
    if error.status_code is None and isinstance(error, ClientAuthenticationError):
        return PermanentIngestError(f"{blob}: no credential was accepted or found. Set one up.")
    if error.status_code is None:
        return TransientIngestError(f"{blob}: the answer broke off. Retry.")
    if error.status_code in (401, 403):
        return PermanentIngestError(
            f"{said}: renew the SAS (object-level read, create, write) and check its dates, or "
            "give the identity the role Storage Blob Data Contributor."
        )
    if code == "ContainerNotFound":
        return PermanentIngestError(
            f"{said}: create the container or correct its name in the settings."
        )
    if error.status_code in (408, 429) or error.status_code >= 500:
        return TransientIngestError(f"{said}. Retry later.")
    return PermanentIngestError(f"{said}: check the account URL and the storage account.")


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None) or error.reason
    return str(getattr(code, "value", code))
