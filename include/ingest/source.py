"""The archive's side: ask for an hour over HTTP and inflate it as it arrives."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NamedTuple, NoReturn

import google_crc32c
import msgspec
import requests
import urllib3
from isal import igzip_lib

from include.ingest.errors import (
    Damage,
    DamagedSource,
    Defect,
    PermanentIngestError,
    TransientIngestError,
)
from include.ingest.settings import IngestSettings

logger = logging.getLogger(__name__)

GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 16
INFLATED_BYTES = 1 << 18
RETRYABLE_STATUS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
USER_AGENT = "gharchive-ingest"


class SourceFile:
    """The archive's answer for one hour: unchanged, missing, or a file to read.

    An error while its `content` is read means that the content so far must not be used. The damage
    `known_damage` is no error: the content ends there, and `damage` tells.
    """

    def __init__(
        self, download: Download, known_etag: str | None, known_damage: Damage | None
    ) -> None:
        self.url = download.url
        self.etag = download.etag
        self.missing = download.status == HTTPStatus.NOT_FOUND
        # Some mirrors ignore If-None-Match: the same ETag with a 200 says the same
        self.unchanged = download.status == HTTPStatus.NOT_MODIFIED or (
            known_etag is not None and self.etag == known_etag
        )
        self.damage: Damage | None = None
        self.is_one_member = False
        self._download = download
        self._known_damage = known_damage

    @property
    def received_bytes(self) -> int:
        """Bytes of the file received so far, as they came over the wire."""
        return self._download.received

    def tee(self, on_bytes: Callable[[bytes], None]) -> None:
        """Have `on_bytes` called with the file's bytes as they come, to the last."""
        self._download.on_bytes = on_bytes

    def content(self) -> Iterator[bytes]:
        """Yield the inflated content, piece by piece."""
        try:
            yield from self._inflated()
            if wrong := self._download.wrong_checksum():
                raise self._damaged("wrong_checksum", wrong, self.received_bytes)
        except DamagedSource as error:
            if error.damage != self._known_damage:
                raise
            self.damage = error.damage
            while self._download.read(CHUNK_BYTES):
                pass  # the rest is for those who want the file as it came

    def _inflated(self) -> Iterator[bytes]:
        chunk = self._next_chunk()
        while len(chunk) < len(GZIP_MAGIC) and (more := self._next_chunk()):
            chunk += more
        members = 0
        while chunk:
            at = self.received_bytes - len(chunk)
            if not chunk.startswith(GZIP_MAGIC):
                self._download.refuse_pages(chunk)
                defect: Defect = "trailing_garbage" if members else "not_gzip"
                raise self._damaged(defect, f"has {chunk[:40]!r} for a gzip", at)
            member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            while not member.eof:
                if member.needs_input and not chunk and not (chunk := self._next_chunk()):
                    raise self._damaged(
                        "truncated", "ends in the middle of its gzip", self.received_bytes
                    )
                try:
                    piece = member.decompress(chunk, INFLATED_BYTES)
                except igzip_lib.error as error:  # type: ignore[misc]
                    # Of its chunk only: the whole one came, or the part up to the error
                    at = (self.received_bytes - 1) // CHUNK_BYTES * CHUNK_BYTES
                    raise self._damaged("corrupt", f"can't be inflated ({error})", at) from error
                chunk = b""
                if piece:
                    yield piece
            members += 1
            end = self.received_bytes - len(member.unused_data)
            chunk = self._next_member(member.unused_data)
            self.is_one_member = members == 1 and end == self.received_bytes

    def _next_chunk(self) -> bytes:
        """Read on; byte by byte near a known damage, as what a call inflates before it is lost."""
        if self._known_damage is None:
            return self._download.read(CHUNK_BYTES)
        is_near = self._download.received >= self._known_damage.file_bytes
        return self._download.read(1 if is_near else CHUNK_BYTES)

    def _next_member(self, rest: bytes) -> bytes:
        """Return the start of what follows a member: another one, or garbage, or nothing."""
        # Zeros may pad a gzip to the blocks of its disk
        while len(rest := rest.lstrip(b"\0")) < len(GZIP_MAGIC):
            if not (more := self._next_chunk()):
                break
            rest += more
        return rest

    def _damaged(self, defect: Defect, what: str, at: int) -> DamagedSource:
        damage = Damage(defect, self.etag, at)
        return DamagedSource(
            f"{self.url} is {defect.replace('_', ' ')}: it {what} near byte {damage.file_bytes}. "
            "Retry; if it stays, the archive's copy is damaged until it is republished.",
            damage,
        )


class Download:
    """The bytes of a file as they come: counted, bounded in time, resumed where they break off."""

    def __init__(
        self, url: str, known_etag: str | None, settings: IngestSettings, session: requests.Session
    ) -> None:
        """Ask for the file, unless its ETag is still `known_etag`; raise if that is an error."""
        self.url = url
        self.received = 0
        self.on_bytes: Callable[[bytes], None] = lambda _: None
        self._settings = settings
        self._session = session
        self._deadline = time.monotonic() + settings.total_timeout
        self._resumed = 0
        self._response = self._ask({"If-None-Match": known_etag} if known_etag else {})
        self.status = self._response.status_code
        self.etag = self._response.headers.get("ETag")
        if self.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND):
            _refuse(self._response)
        length = self._response.headers.get("Content-Length")
        self._expected = int(length) if length and length.isdecimal() else None
        self._checksums = _checksums(self._response.headers)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer only at the end.

        Always as many: an error in them is then in the same place on every try.
        """
        pieces, wanted = [], size
        while wanted and (piece := self._receive(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        data = b"".join(pieces)
        self.on_bytes(data)
        return data

    def wrong_checksum(self) -> str | None:
        """Say which checksum of the source isn't that of the bytes received."""
        for checksum in self._checksums:
            if checksum.wanted != checksum.digest():
                return f"hasn't the {checksum.name} that its host says"
        return None

    def expect_sha256(self, wanted: bytes | None) -> None:
        """Check the file's SHA-256 too, if there is one; before anything is read."""
        if wanted is not None:
            sha256 = hashlib.sha256()
            self._checksums.append(Checksum("SHA-256", wanted, sha256.update, sha256.digest))

    def refuse_pages(self, start: bytes) -> None:
        """Raise PermanentIngestError for a page, which comes from a proxy and not the archive."""
        kind = self._response.headers.get("Content-Type", "")
        if kind.startswith("text/") or start.lstrip()[:1] in (b"<", b"{"):
            raise PermanentIngestError(
                f"{self.url} is not gzip: it starts with {start[:40]!r} (Content-Type {kind}). "
                "Check base_url and any proxy."
            )

    def close(self) -> None:
        """Close the connection."""
        self._response.close()

    def _receive(self, size: int) -> bytes:
        while True:
            if time.monotonic() > self._deadline:
                raise TransientIngestError(
                    f"{self.url} took longer than {self._settings.total_timeout:g} s: "
                    "the archive is slow. Retry later."
                )
            try:
                # Undecoded even under a Content-Encoding: the file itself is the gzip
                data = self._response.raw.read1(size, decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                self._resume(str(error))
                continue
            if not data and self._expected is not None and self.received != self._expected:
                self._resume(f"{self.received} of {self._expected} bytes came")
                continue
            self.received += len(data)
            for checksum in self._checksums:
                checksum.update(data)
            return bytes(data)

    def _resume(self, why: str) -> None:
        """Go on where the transfer broke off, if the archive can and still has the same file."""
        broken = TransientIngestError(
            f"{self.url} broke off after {self.received} bytes ({why}). Retry."
        )
        self._resumed += 1
        if not self.etag or self.etag.startswith("W/") or self._resumed > self._settings.attempts:
            raise broken
        time.sleep(self._settings.retry_wait)
        self._response.close()
        self._response = self._ask(
            {"Range": f"bytes={self.received}-", "If-Range": self.etag}, broken
        )
        start = re.match(r"bytes (\d+)-", self._response.headers.get("Content-Range", ""))
        if (
            self._response.status_code != HTTPStatus.PARTIAL_CONTENT
            or self._response.headers.get("ETag") != self.etag
            or start is None
            or int(start[1]) != self.received
        ):
            raise broken

    def _ask(
        self, headers: Mapping[str, str], broken: TransientIngestError | None = None
    ) -> requests.Response:
        try:
            return self._session.get(
                self.url,
                headers={"Accept-Encoding": "gzip", **headers},
                timeout=self._settings.timeouts,
                stream=True,
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            raise broken or TransientIngestError(
                f"{self.url} could not be reached ({error}). Retry; check the network if it stays."
            ) from error
        except (requests.RequestException, ValueError) as error:
            raise PermanentIngestError(
                f"{self.url} cannot be requested ({error}). Check base_url."
            ) from error


@contextmanager
def open_source(
    url: str, known_etag: str | None, settings: IngestSettings, known_damage: Damage | None = None
) -> Iterator[SourceFile]:
    """Ask for `url`, unless its ETag is still `known_etag`; the connection closes with the block.

    Raises TransientIngestError or PermanentIngestError, here or while reading.
    """
    with requests.Session() as session:
        session.headers["User-Agent"] = USER_AGENT
        download = Download(url, known_etag, settings, session)
        try:
            file = SourceFile(download, known_etag, known_damage)
            if not file.missing and not file.unchanged:
                download.expect_sha256(_manifest_sha256(url, settings, session))
            yield file
        finally:
            download.close()


class _Manifest(msgspec.Struct):
    """What a mirror says of an hour."""

    sha256: str


def _manifest_sha256(url: str, settings: IngestSettings, session: requests.Session) -> bytes | None:
    """Return the hour's SHA-256 by the manifest beside it; the archive itself has none."""
    manifest = url.removesuffix(".json.gz") + ".manifest.json"
    try:
        with session.get(manifest, timeout=settings.timeouts) as response:
            if response.status_code != HTTPStatus.OK:
                return None
            return bytes.fromhex(msgspec.json.decode(response.content, type=_Manifest).sha256)
    except (requests.RequestException, ValueError) as error:
        logger.warning("%s can't be used: %s", manifest, error)
        return None


def sizes(urls: Sequence[str], settings: IngestSettings) -> list[int]:
    """Return how many bytes these files have, in order; those that the host can't tell left out."""
    found = []
    with requests.Session() as session:
        session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        for url in urls:
            try:
                with session.head(url, timeout=settings.timeouts, allow_redirects=True) as response:
                    length = response.headers.get("Content-Length", "")
                    if response.status_code == HTTPStatus.OK and length.isdecimal():
                        found.append(int(length))
            except requests.RequestException as error:
                logger.info("No size of %s: %s", url, error)
    return found


def _refuse(response: requests.Response) -> NoReturn:
    status = response.status_code
    answer = f"{response.url} answered {status} {response.reason}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in RETRYABLE_STATUS:
        raise TransientIngestError(
            f"{answer}: the archive is busy or failing. Retry later.",
            retry_after=_retry_after(response.headers.get("Retry-After", "")),
        )
    raise PermanentIngestError(f"{answer}: check base_url and whether access is allowed.")


def _retry_after(value: str) -> float:
    """Read a Retry-After header, seconds or a date; 0 if it is neither."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


class Checksum(NamedTuple):
    """A checksum that the bytes received must have."""

    name: str
    wanted: bytes
    update: Callable[[bytes], None]
    digest: Callable[[], bytes]


def _checksums(headers: Mapping[str, str]) -> list[Checksum]:
    """Return the checksum that Google's storage says, the cheaper one if it says two."""
    said = dict(
        part.strip().split("=", 1)
        for part in headers.get("X-Goog-Hash", "").split(",")
        if "=" in part
    )
    try:
        if "crc32c" in said:
            crc32c = google_crc32c.Checksum()  # type: ignore[no-untyped-call]
            wanted = base64.b64decode(said["crc32c"])
            return [Checksum("CRC-32C", wanted, crc32c.update, crc32c.digest)]
        if "md5" in said:
            md5 = hashlib.md5(usedforsecurity=False)
            return [Checksum("MD5", base64.b64decode(said["md5"]), md5.update, md5.digest)]
    except ValueError:
        logger.warning("X-Goog-Hash is unreadable: %s", said)
    return []
