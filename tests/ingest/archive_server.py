"""A small archive over real HTTP that can misbehave in the ways real hosts do."""

from __future__ import annotations

import hashlib
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

    It sends `sends` bytes of the body, in chunks of `chunk_bytes`, `pause` seconds apart.
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

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class Request:
    """What the archive was asked, and how it answered."""

    path: str
    status: int
    sent_bytes: int


class ArchiveServer:
    """Serves `answers`; a list is used up from the left, its last answer stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[Request] = []
        self.stalled = threading.Event()
        self._release = threading.Event()
        archive = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                archive._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
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

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        queue = self.answers.get(handler.path, [Answer(status=404)])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        status = answer.status
        if answer.honours_etag and handler.headers.get("If-None-Match") == answer.etag:
            status = 304
        body = b"" if status == 304 else answer.body
        sends = body if answer.sends is None else body[: answer.sends]
        self.requests.append(Request(handler.path, status, len(sends)))
        handler.send_response(status)
        if status in (200, 304):
            handler.send_header("ETag", answer.etag)
        if answer.chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        elif status != 304:
            handler.send_header("Content-Length", str(len(body)))
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
            if len(sends) < len(body):
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
            elif answer.chunked:
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            handler.close_connection = True
