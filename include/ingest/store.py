"""Where blobs lie: an Azure container, a folder, or nowhere. Each appears whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from include.ingest.file_blob import FileBlob
from include.ingest.settings import CONTAINER_NAMES

if TYPE_CHECKING:
    # Who writes into a folder needn't wait for Azure's library
    from azure.storage.blob import ContainerClient

Store: TypeAlias = "ContainerClient | Path | None"
"""A container, a folder, or nothing at all, which forgets what it is given (a dry run)."""
AnyStore = TypeVar("AnyStore", bound=Store, covariant=True)


class Containers(NamedTuple, Generic[AnyStore]):
    """Where an hour goes: Azure containers, with object-level read, create and write, or folders.

    None in their place forgets everything, for a dry run.
    """

    events: AnyStore
    outcomes: AnyStore
    quarantine: AnyStore

    @classmethod
    def opened(
        cls,
        store: Callable[[str], AnyStore],
        names: Mapping[str, Any] = CONTAINER_NAMES,
        prefix: str | None = None,
    ) -> Containers[AnyStore]:
        """Open the store of each name: that of `names`, the usual one where they have none.

        With a `prefix` the names are this and the field.
        """
        if prefix is not None:
            names = {role: prefix + role for role in cls._fields}
        return cls(*(store(names.get(role) or CONTAINER_NAMES[role]) for role in cls._fields))


class Blob(Protocol):
    """One blob: what `look` or `read` has seen is the version that `commit` replaces.

    `last_modified` is the store's time, whole seconds in UTC, of the version that was last looked
    at or committed; None without one.
    """

    last_modified: datetime | None

    def look(self) -> str | None:
        """Return the hash recorded with the blob, "unknown" of a stranger's, None if none."""

    def read(self) -> bytes | None:
        """Return the content of a small blob; None without a blob."""

    def stage(self, data: bytes) -> None:
        """Add to the next version, which nobody sees yet."""

    def commit(self, content_type: str, metadata: Mapping[str, str]) -> None:
        """Make what was staged visible; LostRaceError if another writer was faster."""


def open_blob(store: Store, name: str) -> Blob:
    """Return a blob, at which nobody has looked yet."""
    if store is None:
        return _NoBlob()
    if isinstance(store, Path):
        return FileBlob(store, name)
    from include.ingest.azure_blob import AzureBlob

    return AzureBlob(store.get_blob_client(name))


class _NoBlob:
    last_modified: datetime | None = None

    def look(self) -> None:
        return None

    def read(self) -> None:
        return None

    def stage(self, data: bytes) -> None:
        pass

    def commit(self, content_type: str, metadata: Mapping[str, str]) -> None:
        pass
