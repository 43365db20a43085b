"""The archive's host: `python -m bench.ingest.archive FOLDER` prints its address and serves.

A process of its own, so that none of its CPU is counted as a contender's; it sends files by
sendfile, so that little is taken from the cores they share.
"""

from __future__ import annotations

import base64
import sys
from contextlib import suppress
from functools import cache, partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import google_crc32c


class Archive(SimpleHTTPRequestHandler):
    """Answers with the headers of the archive's host that decide what ingest does."""

    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Add what Google's storage says of a file."""
        super().send_response(code, message)
        if code == HTTPStatus.OK:
            crc32c = base64.b64encode(_crc32c(Path(self.translate_path(self.path)))).decode()
            self.send_header("ETag", f'"{crc32c}"')
            self.send_header("X-Goog-Hash", f"crc32c={crc32c}")

    def handle(self) -> None:
        """Serve a client until it goes, which it needn't announce."""
        with suppress(ConnectionResetError):
            super().handle()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Let the kernel do it."""
        outputfile.flush()
        self.connection.sendfile(source)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@cache
def _crc32c(path: Path) -> bytes:
    checksum: int = google_crc32c.value(path.read_bytes())
    return checksum.to_bytes(4, "big")


if __name__ == "__main__":
    handler = partial(Archive, directory=sys.argv[1])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
