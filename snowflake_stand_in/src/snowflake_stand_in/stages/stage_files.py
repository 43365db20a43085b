"""Blobs of a stage as Arrow tables: the columns `$1` (or Parquet's own) and METADATA$….

A file is read in pieces of about 8 MB of its content, the next ones while one is worked on, so
memory doesn't grow with the file beyond its compressed bytes, nor with the number of files.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties
from isal import igzip, isal_zlib

from snowflake_stand_in.sql.errors import error, unsupported
from snowflake_stand_in.stages.stages import Stage, storage_error

_PIECE_BYTES = 8_000_000
_LARGEST_RECORD = 16 << 20
_JSON_OPTIONS = {"TYPE", "COMPRESSION", "ALLOW_DUPLICATE", "STRIP_OUTER_ARRAY", "COMMENT"}
_PARQUET_OPTIONS = {"TYPE", "COMPRESSION", "COMMENT", "USE_LOGICAL_TYPE", "USE_VECTORIZED_SCANNER"}


T = TypeVar("T")


@dataclass(frozen=True)
class BadRecord:
    """A record that isn't what the file format says: its line, and why."""

    line: int
    reason: str


Piece: TypeAlias = tuple[pa.Table, list[BadRecord], int]
"""Rows, bad records, and how many records these are in all."""


@dataclass
class StagedFile:
    """One downloaded blob."""

    blob: BlobProperties
    content: bytes
    scanned_at: datetime

    def pieces(self, options: dict[str, Any]) -> Iterator[Piece]:
        """Yield the file's rows, bad records and number of records, piece by piece."""
        refuse_options(options)
        key = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
        constants = {
            "METADATA$FILENAME": pa.scalar(self.blob.name, pa.string()),
            "METADATA$FILE_CONTENT_KEY": pa.scalar(key, pa.string()),
            "METADATA$FILE_LAST_MODIFIED": pa.scalar(
                self.blob.last_modified.replace(tzinfo=None), pa.timestamp("us")
            ),
            "METADATA$START_SCAN_TIME": pa.scalar(self.scanned_at, pa.timestamp("us", "UTC")),
        }
        read = self._parquet() if options["TYPE"] == "PARQUET" else self._json(options)
        for columns, numbers, bad, parsed in read:
            columns["METADATA$FILE_ROW_NUMBER"] = pa.array(numbers, pa.int64())
            for name, value in constants.items():
                columns[name] = pa.repeat(value, len(numbers))
            yield pa.table(columns), bad, parsed

    def _json(self, options: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        decode = msgspec.json.Decoder().decode if options.get("ALLOW_DUPLICATE") else _unique
        encode = msgspec.json.Encoder().encode
        before = number = 0
        for lines in ahead(self._lines(str(options.get("COMPRESSION", "AUTO")).upper())):
            bad: list[BadRecord] = []
            first = number + 1
            rows: list[bytes] = []
            if max(map(len, lines)) <= _LARGEST_RECORD:
                with suppress(ValueError, RecursionError):
                    # An object's last duplicate stays, as in Snowflake; DuckDB would find the first
                    rows = [encode(decode(line)) for line in lines if line]
            number += len(rows)
            numbers = list(range(first, number + 1))
            if not rows:
                rows, numbers, bad, number = _one_by_one(lines, before, number, decode, encode)
            before += len(lines)
            # What was encoded is UTF-8 and JSON: neither is checked again
            texts = pa.array(rows, pa.binary()).view(pa.string())
            values = pa.ExtensionArray.from_storage(pa.json_(), texts)
            yield {"$1": values}, numbers, bad, number + 1 - first

    def _lines(self, compression: str) -> Iterator[list[bytes]]:
        zipped = compression == "GZIP" or (
            compression == "AUTO" and self.content.startswith(b"\x1f\x8b")
        )
        stream: Any = io.BytesIO(self.content)
        if zipped:
            stream = igzip.IGzipFile(fileobj=stream)  # type: ignore[no-untyped-call]
        rest = b""
        try:
            piece = stream.read(_PIECE_BYTES).removeprefix(codecs.BOM_UTF8)
            while piece:
                *lines, rest = (rest + piece).split(b"\n")
                if lines:
                    yield lines
                piece = stream.read(_PIECE_BYTES)
        except (OSError, EOFError, isal_zlib.error) as fault:  # type: ignore[misc]
            raise error(
                100130, f"File '{self.blob.name}' cannot be decompressed: {fault}", "22000"
            ) from None
        yield [rest]

    def _parquet(self) -> Iterator[tuple[Any, ...]]:
        number = 0
        try:
            for batch in pq.ParquetFile(io.BytesIO(self.content)).iter_batches(200_000):
                numbers = list(range(number + 1, number + 1 + len(batch)))
                number += len(batch)
                columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                yield columns, numbers, [], len(batch)
        except pa.ArrowInvalid as fault:
            raise error(
                100142, f"Error parsing the parquet file '{self.blob.name}': {fault}", "22000"
            ) from None


def _one_by_one(
    lines: list[bytes],
    before: int,
    number: int,
    decode: Callable[[bytes], Any],
    encode: Callable[[Any], bytes],
) -> tuple[list[bytes], list[int], list[BadRecord], int]:
    """Return what some of the lines can be read as, their row numbers, the others, and the last."""
    rows: list[bytes] = []
    numbers: list[int] = []
    bad: list[BadRecord] = []
    for position, line in enumerate(lines, before + 1):
        if not line.strip():
            continue
        number += 1
        try:
            if len(line) > _LARGEST_RECORD:
                raise ValueError(f"document is too large, max size {_LARGEST_RECORD} bytes")
            rows.append(encode(decode(line)))
        except (ValueError, RecursionError) as fault:
            bad.append(BadRecord(position, str(fault) or "too deeply nested"))
        else:
            numbers.append(number)
    return rows, numbers, bad, number


def refuse_options(options: dict[str, Any]) -> None:
    """Raise for a file format that the stand-in doesn't read."""
    known = {"JSON": _JSON_OPTIONS, "PARQUET": _PARQUET_OPTIONS}.get(options["TYPE"])
    if known is None:
        raise unsupported(f"files of TYPE = {options['TYPE']}: only JSON and PARQUET are read")
    if unknown := set(options) - known:
        raise unsupported(f"file format option {', '.join(sorted(unknown))}")
    if options.get("STRIP_OUTER_ARRAY"):
        raise unsupported("STRIP_OUTER_ARRAY = TRUE")
    if options["TYPE"] == "JSON" and options.get("COMPRESSION", "AUTO") not in (
        "AUTO",
        "GZIP",
        "NONE",
    ):
        raise unsupported(f"COMPRESSION = {options['COMPRESSION']}")


def download(stage: Stage, blobs: Iterable[BlobProperties]) -> Iterator[StagedFile]:
    """Download blobs in order, one ahead of the reader."""
    return ahead(_downloads(stage, blobs), 1)


def _downloads(stage: Stage, blobs: Iterable[BlobProperties]) -> Iterator[StagedFile]:
    scanned_at = datetime.now(UTC)
    with stage.container as container:
        for blob in blobs:
            try:
                content = container.download_blob(blob.name).readall()
            except AzureError as fault:
                raise storage_error(fault, stage.url_of(blob.name), stage) from None
            yield StagedFile(blob, content, scanned_at)


def ahead(items: Iterable[T], count: int = 2) -> Iterator[T]:
    """Yield the items; a thread makes the next few meanwhile."""
    iterator = iter(items)
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(next, iterator, end) for _ in range(count))
        while (item := coming.popleft().result()) is not end:
            coming.append(pool.submit(next, iterator, end))
            yield item  # type: ignore[misc]


def _unique(line: bytes) -> Any:
    return json.loads(line, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'duplicate object attribute "{twice}"')
    return found
