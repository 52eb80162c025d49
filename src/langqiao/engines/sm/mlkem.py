"""ML-KEM-768 (FIPS 203), to be combined with a quantum key: an attacker must break both.

The shared secret joins the key from the key management entity as input of one KDF (see
``sealed.schedule``), so a sealed file stays safe when either of the two does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.sm3 import sm3

CIPHERTEXT_BYTES: Final = 1088
SECRET_BYTES: Final = 32
SEED_BYTES: Final = 64


@dataclass(frozen=True)
class KemPublicKey:
    """The recipient's encapsulation key."""

    key: mlkem.MLKEM768PublicKey

    @property
    def fingerprint(self) -> bytes:
        """SM3 of the 1184 bytes of the key."""
        return sm3(self.key.public_bytes_raw())

    def encapsulate(self) -> tuple[bytes, bytes]:
        """Return a fresh shared secret (32 bytes) and the ciphertext (1088 bytes) that carries it."""
        return self.key.encapsulate()

    def to_pem(self) -> bytes:
        """Return the key as SubjectPublicKeyInfo in PEM."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @classmethod
    def from_pem(cls, text: bytes) -> KemPublicKey:
        """Read a PEM public key.

        Raises:
            SmError: it is not an ML-KEM-768 key (``kind`` is ``key``).
        """
        try:
            key = load_pem_public_key(text)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SmError("the PEM file holds no ML-KEM-768 public key", kind="key") from error
        if not isinstance(key, mlkem.MLKEM768PublicKey):
            raise SmError("the PEM file holds another kind of public key than ML-KEM-768", kind="key")
        return cls(key)


@dataclass(frozen=True)
class KemPrivateKey:
    """The recipient's decapsulation key."""

    key: mlkem.MLKEM768PrivateKey

    def __repr__(self) -> str:
        return "KemPrivateKey()"

    @classmethod
    def generate(cls) -> KemPrivateKey:
        """Make a key with the library's random numbers."""
        return cls(mlkem.MLKEM768PrivateKey.generate())

    @property
    def public(self) -> KemPublicKey:
        """The key that others encapsulate to."""
        return KemPublicKey(self.key.public_key())

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """Return the shared secret; a changed ciphertext yields another one (implicit rejection).

        Raises:
            SmError: the ciphertext has another length (``kind`` is ``length``).
        """
        if len(ciphertext) != CIPHERTEXT_BYTES:
            raise SmError(f"an ML-KEM-768 ciphertext has {CIPHERTEXT_BYTES} bytes", kind="length")
        return self.key.decapsulate(ciphertext)

    def to_pem(self) -> bytes:
        """Return the key as unencrypted PKCS#8 in PEM: keep the file readable by its owner alone."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @classmethod
    def from_pem(cls, text: bytes) -> KemPrivateKey:
        """Read a PEM private key.

        Raises:
            SmError: it is not an unencrypted ML-KEM-768 key (``kind`` is ``key``).
        """
        try:
            key = load_pem_private_key(text, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SmError("the PEM file holds no ML-KEM-768 private key", kind="key") from error
        if not isinstance(key, mlkem.MLKEM768PrivateKey):
            raise SmError("the PEM file holds another kind of private key than ML-KEM-768", kind="key")
        return cls(key)
