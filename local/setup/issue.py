"""Make certificates and keys: `python -m local.setup.issue tls FOLDER [BUNDLE] | keys FOLDER`."""

import re
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.setup.paths import TRUST_STORE_PASSWORD

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
LIFETIME = timedelta(days=3650)
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def tls(folder: Path, bundle: Path) -> None:
    """Write ca.pem, server.pem and server.key, and the bundle with our CA in both forms."""
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gharchive local CA")])
    ca = (
        _certificate(ca_name, ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    server = (
        _certificate(server_name, ca_name, server_key, ca_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    *map(x509.DNSName, NAMES),
                    *(x509.IPAddress(ip_address(address)) for address in ADDRESSES),
                ]
            ),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    trusted = bundle.read_bytes()
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(Encoding.PEM))
    _write_key(folder / "server.key", server_key)
    (folder / "bundle.pem").write_bytes(trusted.rstrip() + b"\n" + ca.public_bytes(Encoding.PEM))
    (folder / "truststore.p12").write_bytes(
        pkcs12.serialize_java_truststore(
            [
                pkcs12.PKCS12Certificate(certificate, f"ca-{number}".encode())
                for number, certificate in enumerate([ca, *_certificates(trusted)])
            ],
            BestAvailableEncryption(TRUST_STORE_PASSWORD.encode()),
        )
    )


def keys(folder: Path) -> None:
    """Write snowflake.p8 and snowflake.pub."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_key(folder / "snowflake.p8", key)
    (folder / "snowflake.pub").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey | None = None,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    issuer_public = (issuer_key or key).public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that is set back a little must not make it invalid
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        # Python 3.13 refuses chains without these two
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public), False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _certificates(bundle: bytes) -> list[x509.Certificate]:
    """Each certificate of a bundle once, except those so old that they can't be parsed."""
    found = {}
    for pem in CERTIFICATE.findall(bundle):
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError:
            continue
        found[certificate.fingerprint(hashes.SHA256())] = certificate
    return list(found.values())


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if what == "keys":
        keys(folder)
    else:
        tls(folder, Path("".join(sys.argv[3:]) or certifi.where()))
