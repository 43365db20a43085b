"""The archive's side: ask for an hour over HTTP and inflate it as it arrives."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests
import urllib3
from isal import igzip, isal_zlib

from include.ingest.errors import PermanentIngestError, TransientIngestError
from include.ingest.settings import IngestSettings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
RETRYABLE_STATUS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class SourceFile:
    """The archive's answer for one hour: unchanged, missing, or a file to read.

    `read(n)` returns n bytes of inflated content, fewer only at the end; an error there means that
    the content so far must not be used.
    """

    def __init__(
        self, response: requests.Response, known_etag: str | None, settings: IngestSettings
    ) -> None:
        """Judge the answer's status line and headers; raise if it is an error."""
        self.url = response.url
        self.etag = response.headers.get("ETag")
        self.missing = response.status_code == HTTPStatus.NOT_FOUND
        # Some mirrors ignore If-None-Match: the same ETag with a 200 says the same
        self.unchanged = response.status_code == HTTPStatus.NOT_MODIFIED or (
            known_etag is not None and self.etag == known_etag
        )
        if not (self.missing or self.unchanged):
            _refuse_error_status(response)
        self._body = _Body(response, settings.total_timeout)
        self._content = igzip.IGzipFile(  # type: ignore[no-untyped-call]
            fileobj=self._body, mode="rb"
        )

    @property
    def received_bytes(self) -> int:
        """Bytes of the file received so far, as they came over the wire."""
        return self._body.received

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes of content."""
        try:
            return self._content.read(size)
        except EOFError as error:
            raise TransientIngestError(
                f"{self.url} is cut off after {self.received_bytes} bytes although the transfer "
                "was complete: the archive's copy is truncated. Retry when it is republished."
            ) from error
        except (gzip.BadGzipFile, isal_zlib.error) as error:  # type: ignore[misc]
            raise TransientIngestError(
                f"{self.url} is corrupt near byte {self.received_bytes} ({error}). Retry; "
                "if it stays, the archive's copy is damaged until it is republished."
            ) from error


class _Body(io.RawIOBase):
    """The bytes of a response as they came, checked for kind, completeness and pace."""

    def __init__(self, response: requests.Response, total_timeout: float) -> None:
        self.received = 0
        self._response = response
        self._raw: urllib3.HTTPResponse = response.raw
        self._expected = response.headers.get("Content-Length")
        self._deadline = time.monotonic() + total_timeout
        self._total_timeout = total_timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        # At least two bytes at first, so that the magic number is seen whole
        data = self._receive(len(memoryview(buffer)))
        if self.received == 0 and data:
            while len(data) < len(GZIP_MAGIC) and (more := self._receive(1)):
                data += more
            self._refuse_other_formats(data)
        self.received += len(data)
        if not data and self._expected is not None and self.received != int(self._expected):
            raise TransientIngestError(
                f"{self._response.url} ended after {self.received} of {self._expected} bytes: "
                "the connection dropped. Retry."
            )
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def _receive(self, size: int) -> bytes:
        if time.monotonic() > self._deadline:
            raise TransientIngestError(
                f"{self._response.url} took longer than {self._total_timeout:g} s: "
                "the archive is slow. Retry later."
            )
        try:
            # Undecoded even under a Content-Encoding: the file itself is the gzip
            return self._raw.read1(size, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TransientIngestError(
                f"{self._response.url} broke off after {self.received} bytes ({error}). Retry."
            ) from error

    def _refuse_other_formats(self, start: bytes) -> None:
        if not start.startswith(GZIP_MAGIC):
            raise PermanentIngestError(
                f"{self._response.url} is not gzip: it starts with {start[:40]!r} (Content-Type "
                f"{self._response.headers.get('Content-Type')}). Check base_url and any proxy."
            )


@contextmanager
def open_source(url: str, known_etag: str | None, settings: IngestSettings) -> Iterator[SourceFile]:
    """Ask for `url`, unless its ETag is still `known_etag`; the connection closes with the block.

    Raises TransientIngestError or PermanentIngestError, here or while reading.
    """
    headers = {"User-Agent": "gharchive-ingest", "Accept-Encoding": "gzip"}
    if known_etag is not None:
        headers["If-None-Match"] = known_etag
    timeout = (settings.connect_timeout, settings.read_timeout)
    try:
        response = requests.get(url, headers=headers, timeout=timeout, stream=True)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise TransientIngestError(
            f"{url} could not be reached ({error}). Retry; check the network if it stays."
        ) from error
    except requests.RequestException as error:
        raise PermanentIngestError(
            f"{url} cannot be requested ({error}). Check base_url."
        ) from error
    with response:
        yield SourceFile(response, known_etag, settings)


def _refuse_error_status(response: requests.Response) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    answer = f"{response.url} answered {status} {response.reason}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in RETRYABLE_STATUS:
        raise TransientIngestError(f"{answer}: the archive is busy or failing. Retry later.")
    raise PermanentIngestError(f"{answer}: check base_url and whether access is allowed.")
