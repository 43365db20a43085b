"""The stand-in as a process behind TLS, and connections to it as the product makes them."""

import datetime
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import snowflake.connector
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Certificates:
    """A CA and a server certificate for 127.0.0.1, as PEM files."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        """Write them into `folder`."""
        now = datetime.datetime.now(datetime.UTC)
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("CA", "local")]
        keys = [ec.generate_private_key(ec.SECP256R1()) for _ in names]
        files = [cls._write(folder / f"{n}.key", k) for n, k in zip(("ca", "server"), keys)]  # noqa: B905
        for position, path in enumerate((folder / "ca.pem", folder / "server.pem")):
            builder = (
                x509.CertificateBuilder()
                .subject_name(names[position])
                .issuer_name(names[0])
                .public_key(keys[position].public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=2))
                .add_extension(x509.BasicConstraints(position == 0, None), critical=True)
            )
            if position:
                addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
                builder = builder.add_extension(x509.SubjectAlternativeName(addresses), False)
            signed = builder.sign(keys[0], hashes.SHA256())
            path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return cls(folder / "ca.pem", folder / "server.pem", files[1])

    @staticmethod
    def _write(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path


def key_pair() -> bytes:
    """Return a new private key for SNOWFLAKE_JWT, DER."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class StandIn:
    """One server process on a database file; it can be started again."""

    def __init__(self, file: Path, certificates: Certificates) -> None:
        self.file = file
        self.port = free_port()
        self.certificates = certificates
        self.private_key = key_pair()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def private_key_pem(self) -> bytes:
        """The private key as dbt reads it."""
        key = serialization.load_der_private_key(self.private_key, None)
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def log(self) -> str:
        """What the server has written."""
        return self.file.with_suffix(".log").read_text()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "snowflake_stand_in", "--port", str(self.port)]
        command += ["--database", str(self.file)]
        command += ["--certificate", str(self.certificates.certificate)]
        command += ["--key", str(self.certificates.key)]
        with self.file.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, self.log
                assert time.monotonic() < deadline, self.log
                time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """End it by a signal; return the seconds that took."""
        assert self._process is not None
        started = time.monotonic()
        self._process.send_signal(number)
        self._process.wait(20)
        return time.monotonic() - started

    def connect(self, **options: Any) -> SnowflakeConnection:
        """Log in by key pair over TLS."""
        settings: dict[str, Any] = {
            "account": "local",
            "user": "loader",
            "authenticator": "SNOWFLAKE_JWT",
            "private_key": self.private_key,
            "host": "127.0.0.1",
            "port": self.port,
            "database": "GHARCHIVE",
            "warehouse": "LOAD_WH",
            "paramstyle": "qmark",
            "login_timeout": 20,
        }
        return snowflake.connector.connect(**settings | options)


def fetch(cursor: SnowflakeCursor, sql: str, *binds: Any) -> list[tuple[Any, ...]]:
    """Run one statement and fetch its rows."""
    cursor.execute(sql, binds or None)
    return [tuple(row) for row in cursor.fetchall()]


def trust(certificates: Certificates) -> dict[str, str]:
    """Return the environment in which clients trust our CA."""
    return {
        "REQUESTS_CA_BUNDLE": str(certificates.ca),
        "SSL_CERT_FILE": str(certificates.ca),
        "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": "false",
        "PATH": os.environ["PATH"],
    }
