"""Encryption at rest: every unit of key is sealed under a data key, data keys under the master key.

SM4-GCM (GB/T 32907 with the mode of RFC 8998) or AES-256-GCM. A nonce is 12 random bytes; a data key seals at
most 2³² units (NIST SP 800-38D, 8.3), :meth:`rotate` of the store makes a new one.
"""

from __future__ import annotations

import os
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from langqiao.engines.sm.kdf import hmac_sm3
from langqiao.kme.errors import KmeError

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class Sealer(Protocol):
    """One data key in use."""

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        """Return nonce, ciphertext and tag; ``bound`` is authenticated with it."""

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        """Return the plaintext.

        Raises:
            KmeError: changed, moved to another place, or sealed under another key.
        """


class Sm4Sealer:
    """SM4-GCM under the first 16 bytes of the data key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = algorithms.SM4(key[:16])

    def __repr__(self) -> str:
        return "Sm4Sealer()"

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        worker = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        worker.authenticate_additional_data(bound)
        return nonce + worker.update(plain) + worker.finalize() + worker.tag

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        try:
            mode = modes.GCM(sealed[:NONCE_BYTES], sealed[-TAG_BYTES:])
            worker = Cipher(self._cipher, mode).decryptor()
            worker.authenticate_additional_data(bound)
            return worker.update(sealed[NONCE_BYTES:-TAG_BYTES]) + worker.finalize()
        except (InvalidTag, ValueError) as error:
            raise KmeError("a sealed record of the store cannot be opened", kind="sealed") from error


class AesSealer:
    """AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        self._worker = AESGCM(key)

    def __repr__(self) -> str:
        return "AesSealer()"

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._worker.encrypt(nonce, plain, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        try:
            return self._worker.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError) as error:
            raise KmeError("a sealed record of the store cannot be opened", kind="sealed") from error


def sealer(cipher: str, key: bytes) -> Sealer:
    """Return the sealer of a cipher named as in the configuration."""
    return Sm4Sealer(key) if cipher == "sm4-gcm" else AesSealer(key)


def derive(secret: bytes, label: str) -> bytes:
    """Return a 32-byte key for one purpose: HMAC-SM3 of a 32-byte secret over the purpose's name."""
    return hmac_sm3(secret, b"langqiao kme v1\0" + label.encode())
