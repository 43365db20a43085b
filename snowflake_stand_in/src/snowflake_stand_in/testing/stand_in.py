"""The stand-in as a process of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection

from snowflake_stand_in.testing.certificates import Certificates
from snowflake_stand_in.testing.server import start_server

PROGRAM = (sys.executable, "-m", "snowflake_stand_in")


class StandIn:
    """One account, kept in a database file; its server can be started again, on the same port.

    Over TLS if there are certificates, else by HTTP. The server's log lies beside the file.
    """

    process: "subprocess.Popen[bytes]"

    def __init__(
        self,
        file: Path,
        certificates: Certificates | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.file = file
        self.port = 0
        self._command = [*program]
        self._protocol = "http"
        if certificates:
            self._protocol = "https"
            self._command += ["--certificate", str(certificates.certificate)]
            self._command += ["--key", str(certificates.key)]

    def __enter__(self) -> "StandIn":
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    @property
    def log(self) -> str:
        """What the server has written."""
        return self._log.read_text()

    @property
    def _log(self) -> Path:
        return self.file.with_suffix(".log")

    @property
    def address(self) -> dict[str, Any]:
        """What the connector takes to find it: account, host, port and protocol."""
        return {
            "account": "local",
            "host": "127.0.0.1",
            "port": self.port,
            "protocol": self._protocol,
        }

    def connect(self, **options: Any) -> SnowflakeConnection:
        """Log in by the connector's options; any user and password will do where none is made."""
        return snowflake.connector.connect(**self.address | options)

    def start(self) -> None:
        """Start it and wait until it is ready; RuntimeError, with its log, if it ends instead."""
        command = [*self._command, "--database", str(self.file), "--port", str(self.port)]
        self.process, self.port = start_server(command, self._log)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """End it by a signal, and return the seconds that took; nothing if it has ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - started
