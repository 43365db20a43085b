"""TLS for a server on 127.0.0.1, from a CA that lasts as long as a test run."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """A CA and a server certificate for 127.0.0.1, as PEM files."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        """Write them into `folder`; they are valid for two days."""
        now = datetime.datetime.now(datetime.UTC)
        ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca_name, server_name = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("CA", "local")
        )
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        for path, name, key in (
            (made.ca, ca_name, ca_key),
            (made.certificate, server_name, server_key),
        ):
            is_ca = path == made.ca
            public, issuer = key.public_key(), ca_key.public_key()
            builder = (
                x509.CertificateBuilder()
                .subject_name(name)
                .issuer_name(ca_name)
                .public_key(public)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=2))
                .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
                # Python 3.13 refuses chains without these two
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False)
            )
            if is_ca:
                builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
            else:
                address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
                builder = builder.add_extension(x509.SubjectAlternativeName([address]), False)
            signed = builder.sign(ca_key, hashes.SHA256())
            path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        made.key.touch(mode=0o600)
        made.key.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return made

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Python's clients trust the CA."""
        return {
            "REQUESTS_CA_BUNDLE": str(self.ca),
            "SSL_CERT_FILE": str(self.ca),
            "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": "false",
        }


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
