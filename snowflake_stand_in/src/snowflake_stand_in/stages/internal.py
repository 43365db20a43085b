"""The files of internal stages: a folder for each, beside the account's files.

A folder answers as a container of Azure does, as far as reading a stage needs it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from azure.storage.blob import BlobProperties

from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.sql.names import TableName


class Folder:
    """A stage's files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, account: Account, name: TableName) -> Folder:
        """Return the folder of a stage, which its first file makes."""
        return cls(Path(f"{account.file}.stages") / quote(str(name), safe=""))

    def __enter__(self) -> Folder:
        """Be used as a client is."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def list_blobs(self, name_starts_with: str) -> Iterator[BlobProperties]:
        """Yield the files whose names begin so, in the order of names."""
        for file in sorted(self.path.rglob("*")):
            name = file.relative_to(self.path).as_posix()
            if file.is_file() and name.startswith(name_starts_with):
                yield _properties(name, file)

    def download_blob(self, name: str) -> Content:
        """Return what reads a file."""
        return Content(self.path / name)

    def delete_blob(self, name: str) -> None:
        """Delete a file."""
        (self.path / name).unlink()

    def place(self, path: str) -> Path | None:
        """Make the folder below a stage's that files are put into; None if it isn't below."""
        place = (self.path / path).resolve()
        if not place.is_relative_to(self.path.resolve()):
            return None
        # For the owner of the account's files alone, as they are
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def empty(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def rename(self, other: Folder) -> None:
        """Become the folder of a stage with another name."""
        other.empty()
        if self.path.exists():
            self.path.rename(other.path)


class Content:
    """A file's bytes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def readall(self) -> bytes:
        """Read them."""
        return self._file.read_bytes()


def _properties(name: str, file: Path) -> BlobProperties:
    stat = os.stat(file)
    properties = BlobProperties(name=name)
    properties.size = stat.st_size
    properties.last_modified = datetime.fromtimestamp(int(stat.st_mtime), UTC)
    with file.open("rb") as content:
        properties.etag = f'"{hashlib.file_digest(content, "md5").hexdigest()}"'
    return properties
