"""Keys from secrets: HMAC-SM3 (GB/T 15852.2, RFC 2104) and HKDF (RFC 5869) over it."""

from __future__ import annotations

import hmac as compare

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.sm3 import DIGEST_BYTES


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """Return the 32-byte HMAC of a message over SM3."""
    worker = hmac.HMAC(key, hashes.SM3())
    worker.update(message)
    return worker.finalize()


class Hmac:
    """HMAC-SM3 under one key for many messages: the key is taken in once.

    >>> Hmac(b"key").of(b"message") == hmac_sm3(b"key", b"message")
    True
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.HMAC(key, hashes.SM3())

    def __repr__(self) -> str:
        return "Hmac()"

    def of(self, message: bytes) -> bytes:
        """Return the 32-byte HMAC of a message."""
        worker = self._keyed.copy()
        worker.update(message)
        return worker.finalize()


def hkdf_sm3(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """Derive ``length`` bytes from a secret: RFC 5869 extract and expand with HMAC-SM3.

    Args:
        secret: Input keying material, at least 16 bytes.
        salt: Random but not secret; may be empty.
        info: What the derived bytes are for; different purposes get unrelated bytes.
        length: 1 to 255·32.

    Raises:
        SmError: the secret is too short or the length out of range (``kind`` is ``length``).
    """
    if len(secret) < 16:
        raise SmError("a secret of fewer than 16 bytes is no secret", kind="length")
    if not 1 <= length <= 255 * DIGEST_BYTES:
        raise SmError(f"HKDF gives 1 to {255 * DIGEST_BYTES} bytes, not {length}", kind="length")
    return HKDF(algorithm=hashes.SM3(), length=length, salt=salt, info=info).derive(secret)


def equal(one: bytes, other: bytes) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return compare.compare_digest(one, other)
