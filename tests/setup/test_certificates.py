"""What set-up makes is accepted by the clients it is made for."""

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import certifi
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from local.setup import issue
from local.setup.paths import JAVA_HOME, TRUST_STORE_PASSWORD
from tests.setup.conftest import SetUp


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of certificates."""
    folder = tmp_path_factory.mktemp("tls")
    issue.tls(folder, Path(certifi.where()))
    return folder


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_bundle_vouches_for_the_server(tls: Path, name: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tls / "server.pem", tls / "server.key")
    client = ssl.create_default_context(cafile=str(tls / "bundle.pem"))
    # Python's default from 3.13 on
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with server.wrap_socket(theirs, server_side=True) as connection:
            connection.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(ours, server_hostname=name) as connection:
        assert connection.recv(5) == b"hello"
    thread.join()


def test_the_bundle_keeps_what_the_machine_trusts(tls: Path) -> None:
    machine = Path(certifi.where()).read_text().strip()
    assert machine in (tls / "bundle.pem").read_text()


def test_java_reads_the_trust_store(tls: Path) -> None:
    keytool = str(JAVA_HOME / "bin" / "keytool")
    store = str(tls / "truststore.p12")
    listed = subprocess.run(
        [keytool, "-list", "-keystore", store, "-storepass", TRUST_STORE_PASSWORD],
        capture_output=True,
        text=True,
        check=True,
    )
    entries = listed.stdout.count("trustedCertEntry")
    assert entries > 50
    assert "ca-0" in listed.stdout


def test_keys_are_a_pair_and_private(tmp_path: Path) -> None:
    issue.keys(tmp_path)
    private = load_pem_private_key((tmp_path / "snowflake.p8").read_bytes(), password=None)
    assert private.public_key() == load_pem_public_key((tmp_path / "snowflake.pub").read_bytes())
    assert (tmp_path / "snowflake.p8").stat().st_mode & 0o077 == 0


def test_a_shell_that_has_joined_the_stack_keeps_the_certificates(
    with_packages: Path, set_up: SetUp
) -> None:
    """There the machine's variables name our own bundle, and the servers have the old one."""
    machine = {"REQUESTS_CA_BUNDLE": certifi.where(), "SSL_CERT_FILE": certifi.where()}
    made = set_up("tls", **machine)
    assert "a private CA" in made.stdout
    bundle = str(with_packages / ".local" / "tls" / "bundle.pem")

    again = set_up("tls", REQUESTS_CA_BUNDLE=bundle, SSL_CERT_FILE=bundle)

    assert (again.returncode, again.stdout) == (0, "")
