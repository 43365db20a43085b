"""A blob in a folder: a file, written beside its place under a name that begins with a dot."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from include.ingest.errors import LostRaceError, PermanentIngestError


class FileBlob:
    """A `Blob` of `include.ingest.store`."""

    last_modified: datetime | None = None

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        self._staged: Path | None = None
        self._seen: str | None = None

    def look(self) -> str | None:
        self._seen = self._hash()
        return self._seen

    def read(self) -> bytes | None:
        with _file_errors(self._path):
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return None
        self._seen = hashlib.sha256(data).hexdigest()
        return data

    def stage(self, data: bytes) -> None:
        with _file_errors(self._path):
            if self._staged is None:
                self._begin()
            self._file.write(data)

    def commit(self, content_type: str, metadata: Mapping[str, str]) -> None:
        self.stage(b"")
        assert self._staged is not None
        with _file_errors(self._path), self._file, self._alone():
            self._file.flush()
            os.fsync(self._file.fileno())
            now = self._hash()
            if now == self._seen:
                self._staged.replace(self._path)
                self.last_modified = _modified(self._path.stat())
                return
        if now != metadata["sha256"]:
            raise LostRaceError(f"{self._path}: another writer was faster. Retry.")

    def _begin(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._staged = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        # Or another writer could take it, not yet locked, for one that was left
        with self._alone():
            for left in self._path.parent.glob(f".{self._path.name}.*"):
                _remove_if_left(left)
            self._file = self._staged.open("xb")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        # Whatever becomes of it, committed or not
        weakref.finalize(self, self._staged.unlink, missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _hash(self) -> str | None:
        with _file_errors(self._path):
            try:
                with self._path.open("rb") as file:
                    self.last_modified = _modified(os.fstat(file.fileno()))
                    return hashlib.file_digest(file, "sha256").hexdigest()
            except FileNotFoundError:
                self.last_modified = None
                return None


def _modified(status: os.stat_result) -> datetime:
    """Return a file's time as a storage service tells it, in whole seconds."""
    return datetime.fromtimestamp(int(status.st_mtime), UTC)


def _remove_if_left(path: Path) -> None:
    """Remove what a writer that was killed has left: a living one holds its lock."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PermanentIngestError(
            f"{path} can't be used ({error.strerror}): check the folder and its disk."
        ) from error
