"""SM2 signatures (GB/T 32918.2-2016 on the curve of GB/T 32918.5-2017) by GmSSL, with keys as PEM files.

Keys are PKCS#8 and SubjectPublicKeyInfo as OpenSSL and GmSSL write them (id-ecPublicKey, sm2p256v1,
1.2.156.10197.1.301); a private key file holds the public key too. Signatures are the 64 bytes r‖s.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import gmssl_pyx  # type: ignore[import-untyped] # it ships stubs without the py.typed mark
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.sm3 import sm3

SIGNATURE_BYTES: Final = 64
DEFAULT_ID: Final = b"1234567812345678"
"""The signer's ID where none is agreed (GM/T 0009-2012, clause 10)."""

_ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""n of GB/T 32918.5."""

_ALGORITHM: Final = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_PUBLIC_HEAD: Final = bytes.fromhex("3059") + _ALGORITHM + bytes.fromhex("03420004")
_PRIVATE_HEAD: Final = bytes.fromhex("308187020100") + _ALGORITHM + bytes.fromhex("046d306b0201010420")
_PRIVATE_MIDDLE: Final = bytes.fromhex("a14403420004")
_NAMED_HEAD: Final = bytes.fromhex("308193020100") + _ALGORITHM + bytes.fromhex("047930770201010420")
_NAMED_MIDDLE: Final = bytes.fromhex("a00a06082a811ccf5501822d") + _PRIVATE_MIDDLE
"""GmSSL repeats the curve inside the private key."""

_FILE_LIMIT: Final = 16_384
_PEM: Final = re.compile(rb"-----BEGIN ([A-Z ]{1,40})-----\s+([A-Za-z0-9+/=\s]{1,8192}?)-----END \1-----")


def _unpem(text: bytes, label: str) -> bytes:
    """Return the bytes inside a PEM block.

    Raises:
        SmError: there is no such block (``kind`` is ``key``).
    """
    for found in _PEM.finditer(text[:_FILE_LIMIT]):
        if found[1].decode() == label:
            try:
                return base64.b64decode(b"".join(found[2].split()), validate=True)
            except binascii.Error as error:
                raise SmError("the PEM block is not base64", kind="key") from error
    raise SmError(f"there is no PEM block {label}", kind="key")


def _pem(der: bytes, label: str) -> bytes:
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()


@dataclass(frozen=True)
class Sm2PublicKey:
    """A point of the curve: the 64 bytes x‖y."""

    point: bytes

    def __post_init__(self) -> None:
        try:
            normal = gmssl_pyx.normalize_sm2_public_key(bytes(self.point))
        except gmssl_pyx.InvalidValueError as error:
            raise SmError("the public key is no point of the SM2 curve", kind="key") from error
        if normal != self.point:
            raise SmError("a public key is the 64 bytes x‖y", kind="key")

    @property
    def fingerprint(self) -> bytes:
        """SM3 of 04‖x‖y, 32 bytes: how files name a key."""
        return sm3(b"\x04" + self.point)

    def verify(self, signature: bytes, message: bytes, identity: bytes = DEFAULT_ID) -> bool:
        """Say whether the 64-byte signature is this key's for the message under the signer's ID."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if not (0 < r < _ORDER and 0 < s < _ORDER):
            return False
        return bool(gmssl_pyx.sm2_verify(self.point, message, encode_dss_signature(r, s), identity))

    def to_pem(self) -> bytes:
        """Return the key as SubjectPublicKeyInfo in PEM."""
        return _pem(_PUBLIC_HEAD + self.point, "PUBLIC KEY")

    @classmethod
    def from_pem(cls, text: bytes) -> Sm2PublicKey:
        """Read a PEM public key.

        Raises:
            SmError: it is not an SM2 public key with an uncompressed point (``kind`` is ``key``).
        """
        der = _unpem(text, "PUBLIC KEY")
        if len(der) != len(_PUBLIC_HEAD) + 64 or not der.startswith(_PUBLIC_HEAD):
            raise SmError("the PEM file holds no SM2 public key", kind="key")
        return cls(der[len(_PUBLIC_HEAD) :])

    def hex(self) -> str:
        """Return 130 hexadecimal digits, 04‖x‖y, as lists of trusted keys have them."""
        return "04" + self.point.hex()

    @classmethod
    def from_hex(cls, text: str) -> Sm2PublicKey:
        """Read 130 hexadecimal digits.

        Raises:
            SmError: not 130 digits beginning with 04, or no point of the curve (``kind`` is ``key``).
        """
        if not re.fullmatch(r"04[0-9a-fA-F]{128}", text):
            raise SmError("a public key is 130 hexadecimal digits that begin with 04", kind="key")
        return cls(bytes.fromhex(text[2:]))


@dataclass(frozen=True)
class Sm2PrivateKey:
    """A private key with its public one; printing it does not print the secret."""

    secret: bytes = field(repr=False)
    public: Sm2PublicKey

    def __post_init__(self) -> None:
        if len(self.secret) != 32 or not 0 < int.from_bytes(self.secret, "big") < _ORDER - 1:
            raise SmError("an SM2 private key is 32 bytes between 1 and n−2", kind="key")

    @classmethod
    def generate(cls) -> Sm2PrivateKey:
        """Make a key with the library's random numbers."""
        point, secret = gmssl_pyx.sm2_key_generate()
        return cls(secret, Sm2PublicKey(point))

    def sign(self, message: bytes, identity: bytes = DEFAULT_ID) -> bytes:
        """Return the 64-byte signature r‖s of a message under the signer's ID (1 to 8191 bytes).

        Raises:
            SmError: the library refuses the ID (``kind`` is ``key``).
        """
        try:
            der = gmssl_pyx.sm2_sign(self.secret, self.public.point, message, identity)
        except gmssl_pyx.GmsslInnerError as error:
            raise SmError("the message cannot be signed with this key and ID", kind="key") from error
        r, s = decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def to_pem(self) -> bytes:
        """Return the key as unencrypted PKCS#8 in PEM: keep the file readable by its owner alone."""
        return _pem(_PRIVATE_HEAD + self.secret + _PRIVATE_MIDDLE + self.public.point, "PRIVATE KEY")

    @classmethod
    def from_pem(cls, text: bytes) -> Sm2PrivateKey:
        """Read an unencrypted PKCS#8 key as OpenSSL and GmSSL write it.

        Raises:
            SmError: it is not one, it is encrypted, the public key is not in it, or the two do not belong
                together (``kind`` is ``key``).
        """
        if b"ENCRYPTED PRIVATE KEY" in text[:_FILE_LIMIT]:
            raise SmError("the private key is encrypted; decrypt it with `openssl pkcs8` first", kind="key")
        der = _unpem(text, "PRIVATE KEY")
        for head, middle in ((_PRIVATE_HEAD, _PRIVATE_MIDDLE), (_NAMED_HEAD, _NAMED_MIDDLE)):
            rest = der[len(head) :]
            if der.startswith(head) and len(rest) == 32 + len(middle) + 64 and rest[32:-64] == middle:
                key = cls(rest[:32], Sm2PublicKey(rest[-64:]))
                if not key.public.verify(key.sign(b"pair"), b"pair"):
                    raise SmError("the private and the public key do not belong together", kind="key")
                return key
        raise SmError("the PEM file holds no SM2 private key with its public key", kind="key")


def read_key_file(path: Path, *, private: bool = False) -> bytes:
    """Return the bytes of a key file.

    Raises:
        SmError: longer than 16 KiB, or private and readable by others (``kind`` is ``key``).
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        if private and stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise SmError(f"{path.name} can be read by others; `chmod 600` mends it", kind="key")
        text = stream.read(_FILE_LIMIT + 1)
    if len(text) > _FILE_LIMIT:
        raise SmError(f"{path.name} is too long for a key file", kind="key")
    return text


def write_private(path: Path, text: bytes) -> None:
    """Write a new file that only its owner can read.

    Raises:
        FileExistsError: there is one already; keys are never overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
