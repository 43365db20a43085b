"""Blobs of a stage as Arrow tables: the columns `$1` (or Parquet's own) and METADATA$….

A file is read in pieces of about 32 MB of its content, so memory doesn't grow with the file.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties

from local.snowflake.errors import error, unsupported
from local.snowflake.stages import Stage, storage_error

_PIECE_BYTES = 32_000_000
_JSON_OPTIONS = {"TYPE", "COMPRESSION", "ALLOW_DUPLICATE", "STRIP_OUTER_ARRAY", "COMMENT"}
_PARQUET_OPTIONS = {"TYPE", "COMPRESSION", "COMMENT", "USE_LOGICAL_TYPE", "USE_VECTORIZED_SCANNER"}


@dataclass(frozen=True)
class BadRecord:
    """A record that isn't what the file format says: its line, and why."""

    line: int
    reason: str


@dataclass
class StagedFile:
    """One downloaded blob."""

    blob: BlobProperties
    content: bytes
    scanned_at: datetime

    @property
    def etag(self) -> str:
        """The version that the load history remembers."""
        return str(self.blob.etag).strip('"')

    def pieces(self, options: dict[str, Any]) -> Iterator[tuple[pa.Table, list[BadRecord], int]]:
        """Yield the file's rows, bad records and number of records, piece by piece."""
        refuse_options(options)
        parquet = options["TYPE"] == "PARQUET"
        key = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
        seen = 0
        for columns, numbers, bad, parsed in (
            self._parquet() if parquet else self._json(options, seen)
        ):
            count = len(numbers)
            constants = {
                "METADATA$FILENAME": pa.scalar(self.blob.name, pa.string()),
                "METADATA$FILE_CONTENT_KEY": pa.scalar(key, pa.string()),
                "METADATA$FILE_LAST_MODIFIED": pa.scalar(
                    self.blob.last_modified.replace(tzinfo=None), pa.timestamp("us")
                ),
                "METADATA$START_SCAN_TIME": pa.scalar(self.scanned_at, pa.timestamp("us", "UTC")),
            }
            columns["METADATA$FILE_ROW_NUMBER"] = pa.array(numbers, pa.int64())
            columns |= {name: pa.repeat(value, count) for name, value in constants.items()}
            yield pa.table(columns), bad, parsed

    def _json(self, options: dict[str, Any], number: int) -> Iterator[tuple[Any, ...]]:
        decode = msgspec.json.Decoder().decode if options.get("ALLOW_DUPLICATE") else _unique
        encode = msgspec.json.Encoder().encode
        for lines in self._lines(str(options.get("COMPRESSION", "AUTO")).upper()):
            rows: list[bytes] = []
            numbers: list[int] = []
            bad: list[BadRecord] = []
            parsed = 0
            for line in lines:
                if not line.strip():
                    continue
                number += 1
                parsed += 1
                try:
                    rows.append(encode(decode(line)))
                except (ValueError, RecursionError) as fault:
                    bad.append(BadRecord(number, str(fault) or "too deeply nested"))
                else:
                    numbers.append(number)
            texts = pa.array(rows, pa.binary()).cast(pa.string())
            values = pa.ExtensionArray.from_storage(pa.json_(), texts)
            yield {"$1": values}, numbers, bad, parsed

    def _lines(self, compression: str) -> Iterator[list[bytes]]:
        zipped = compression == "GZIP" or (
            compression == "AUTO" and self.content.startswith(b"\x1f\x8b")
        )
        stream: Any = io.BytesIO(self.content)
        if zipped:
            stream = gzip.GzipFile(fileobj=stream)
        rest = b""
        try:
            while piece := stream.read(_PIECE_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                yield lines
        except (OSError, EOFError, zlib.error) as fault:
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
    scanned_at = datetime.now(UTC)
    queue = list(blobs)
    with stage.container as container, ThreadPoolExecutor(1) as pool:

        def fetch(blob: BlobProperties) -> StagedFile:
            content = container.download_blob(blob.name, max_concurrency=2).readall()
            return StagedFile(blob, content, scanned_at)

        ahead = [pool.submit(fetch, blob) for blob in queue[:1]]
        for position, blob in enumerate(queue):
            running = ahead.pop()
            try:
                file = running.result()
            except AzureError as fault:
                raise storage_error(fault, stage.url_of(blob.name)) from None
            ahead = [pool.submit(fetch, b) for b in queue[position + 1 : position + 2]]
            yield file


def _unique(line: bytes) -> Any:
    return json.loads(line, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'duplicate object attribute "{twice}"')
    return found
