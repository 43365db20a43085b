"""A way to a server that stalls or breaks off after some bytes, as networks do."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Literal, Self

Direction = Literal["requests", "answers"]
Fault = Literal["stalls", "breaks"]

NEVER = 1 << 62


class TcpProxy:
    """Passes connections on to `target`; `fail` says when it stops doing so.

    The fault hits the connection that reaches the limit, and those that are opened after it as
    well until `heal`, unless it comes `once`. `passed` counts bytes since the last of these calls,
    `packets` counts what came at once, ever since.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.packets = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._sockets: list[socket.socket] = []
        self.heal()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        # accept() doesn't notice that its socket is closed
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            _close(one)

    def fail(
        self,
        fault: Fault,
        direction: Direction,
        after_bytes: int,
        once: bool = False,
        cuts_packets: bool = False,
    ) -> None:
        """Stall or break off when so many bytes have passed in this direction.

        A packet that would go beyond is lost as a whole unless it may be cut.
        """
        with self._lock:
            self.passed: dict[Direction, int] = {"requests": 0, "answers": 0}
            self._fault: Fault | None = fault
            self._direction = direction
            self._left = after_bytes
            self._once = once
            self._cuts_packets = cuts_packets

    def heal(self) -> None:
        """Pass everything on again, over new connections, and count it from 0."""
        self.fail("breaks", "requests", NEVER)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                continue
            self._sockets += [client, server]
            for direction, one, other in (
                ("requests", client, server),
                ("answers", server, client),
            ):
                threading.Thread(
                    target=self._pump, args=(direction, one, other), daemon=True
                ).start()

    def _pump(self, direction: Direction, one: socket.socket, other: socket.socket) -> None:
        is_hit = False
        try:
            while data := one.recv(1 << 16):
                with self._lock:
                    fault = self._fault
                    self.passed[direction] += len(data)
                    self.packets += 1
                    if direction == self._direction:
                        is_hit = len(data) > self._left
                        if is_hit:
                            data = data[: self._left] if self._cuts_packets else b""
                        self._left = 0 if is_hit else self._left - len(data)
                        if is_hit and self._once:
                            self._left = NEVER
                other.sendall(data)
                if is_hit and fault == "stalls":
                    self._closed.wait(30)
                if is_hit:
                    break
        except OSError:
            pass
        finally:
            _close(one)
            _close(other)


def _close(one: socket.socket) -> None:
    # Without the shutdown, a thread that waits in recv would keep the connection open
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
