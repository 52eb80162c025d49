"""A certificate authority for test networks: EC P-256 certificates for KMEs and SAEs.

The common name of a certificate is the identifier of its KME or SAE. A production network brings its own
authority; the KME only needs the files.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from langqiao.kme.files import SECRET_MODE, write_atomic

VALID_DAYS: Final = 825
_CLOCK_SKEW: Final = dt.timedelta(hours=1)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Identity:
    """Files of a certificate and its private key (PEM)."""

    certificate: Path
    private_key: Path


class Authority:
    """A new certificate authority in memory; its private key is never written.

    Args:
        name: common name of the root certificate.
        days: validity of everything it signs.
    """

    def __init__(self, name: str, *, days: int = VALID_DAYS) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._from = dt.datetime.now(dt.UTC) - _CLOCK_SKEW
        self._until = self._from + dt.timedelta(days=days)
        public = self._key.public_key()
        self._key_id = x509.SubjectKeyIdentifier.from_public_key(public)
        self.certificate = (
            self._builder(_name(name), public)
            .issuer_name(_name(name))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(self._key_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def __repr__(self) -> str:
        return "Authority()"

    def _builder(self, subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._from)
            .not_valid_after(self._until)
        )

    def write(self, path: Path) -> None:
        """Write the root certificate."""
        write_atomic(path, self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, folder: Path, common: str, *, hosts: tuple[str, ...] = ()) -> Identity:
        """Issue a certificate and write it beside its private key (mode 0600).

        Args:
            folder: where to write ``NAME.crt`` and ``NAME.pem``.
            common: identifier of a KME or SAE, the common name.
            hosts: names and addresses of a KME's server; none for an SAE, which is only a client.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        builder = (
            self._builder(_name(common), key.public_key())
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._key_id), critical=False
            )
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        found = Identity(folder / f"{common}.crt", folder / f"{common}.pem")
        write_atomic(found.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        write_atomic(
            found.private_key,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            mode=SECRET_MODE,
        )
        return found


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
