"""A small archive over real HTTP that can misbehave in the ways real hosts do."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class Answer:
    """What the archive says for one path.

    It sends `sends` bytes of the body, in chunks of `chunk_bytes`, `pause` seconds apart, and
    `says_bytes` in place of their number. With `resumes` it goes on where a Range asks it to, or
    else at `goes_on_at`. `tag` is the ETag, by default one of the body's own.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sends: int | None = None
    chunk_bytes: int = 1 << 16
    pause: float = 0.0
    chunked: bool = False
    then_stalls: bool = False
    honours_etag: bool = True
    resumes: bool = False
    goes_on_at: int | None = None
    honours_if_range: bool = True
    says_bytes: int | None = None
    tag: str | None = None
    has_etag: bool = True

    @property
    def etag(self) -> str:
        return self.tag or f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class Request:
    """What the archive was asked, and how it answered."""

    path: str
    status: int
    sent_bytes: int


class ArchiveServer:
    """Serves `answers`; a list is used up from the left, its last answer stays.

    `requests` are those for files, `sizes_asked` the paths of which only the size was asked.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[Request] = []
        self.sizes_asked: list[str] = []
        self.stalled = threading.Event()
        self._release = threading.Event()
        archive = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                archive._answer(self)

            def do_HEAD(self) -> None:
                archive._tell_size(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # clients that hang up are what many tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, name: str, *answers: Answer) -> None:
        """Answer requests for the file `name` in this order."""
        self.answers[f"/{name}"] = list(answers)

    def _tell_size(self, handler: BaseHTTPRequestHandler) -> None:
        self.sizes_asked.append(handler.path.removeprefix("/"))
        answer = self.answers.get(handler.path, [Answer(status=404)])[-1]
        handler.send_response(answer.status)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        queue = self.answers.get(handler.path, [Answer(status=404)])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        status = answer.status
        body = answer.body
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        is_same = handler.headers.get("If-Range") == answer.etag or not answer.honours_if_range
        if answer.resumes and asked and is_same:
            status = 206
            start = int(asked[1]) if answer.goes_on_at is None else answer.goes_on_at
            body = answer.body[start:]
        if answer.honours_etag and handler.headers.get("If-None-Match") == answer.etag:
            status = 304
        body = b"" if status == 304 else body
        sends = body if answer.sends is None else body[: answer.sends]
        if not handler.path.endswith(".manifest.json"):
            self.requests.append(Request(handler.path, status, len(sends)))
        handler.send_response(status)
        if status in (200, 206, 304) and answer.has_etag:
            handler.send_header("ETag", answer.etag)
        if status == 206:
            size = len(answer.body)
            handler.send_header("Content-Range", f"bytes {size - len(body)}-{size - 1}/{size}")
        if answer.chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        elif status != 304:
            length = len(body) if answer.says_bytes is None else answer.says_bytes
            handler.send_header("Content-Length", str(length))
        for header, value in answer.headers.items():
            handler.send_header(header, value)
        handler.end_headers()
        try:
            for start in range(0, len(sends), answer.chunk_bytes):
                chunk = sends[start : start + answer.chunk_bytes]
                if answer.chunked:
                    chunk = b"%x\r\n%s\r\n" % (len(chunk), chunk)
                handler.wfile.write(chunk)
                time.sleep(answer.pause)
            if answer.then_stalls:
                self.stalled.set()
                self._release.wait(30)
            if len(sends) < len(body) or answer.says_bytes is not None:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
            elif answer.chunked:
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            handler.close_connection = True
