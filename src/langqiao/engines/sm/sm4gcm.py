"""SM4-GCM (GB/T 32907-2016 in the mode of GB/T 36624-2018 and RFC 8998) behind one small interface.

Two back ends pass the same vectors: ``portable`` (PyCA cryptography, always there) and ``libgcrypt`` (1.11 or
newer, reached through ctypes where the library can be loaded; several times as fast).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from langqiao.engines.sm.errors import SmError

KEY_BYTES: Final = 16
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

Readable = bytes | bytearray | memoryview
"""What the back ends read from and write to."""


class Sm4Gcm(Protocol):
    """One SM4 key in use. A nonce must never serve twice under the same key; the caller sees to it.

    Instances may be used by several threads at once; long calls do not hold the interpreter's lock.
    """

    def seal(self, nonce: bytes, data: Readable, aad: bytes) -> bytes:
        """Return the ciphertext followed by the 16-byte tag; ``aad`` is bound, not stored."""

    def open(self, nonce: bytes, sealed: Readable, aad: bytes) -> bytes:
        """Return the plaintext.

        Raises:
            TagError: ciphertext, tag, nonce or bound data differ from what was sealed.
        """

    def seal_into(self, nonce: bytes, data: Readable, aad: bytes, out: memoryview) -> None:
        """Write ciphertext and tag to ``out``, which is exactly 16 bytes longer than ``data``."""

    def open_into(self, nonce: bytes, sealed: Readable, aad: bytes, out: memoryview) -> int:
        """Write the plaintext to ``out``, which is at least as long as ``sealed``; return its length.

        On failure ``out`` holds bytes that must not be used.

        Raises:
            TagError: ciphertext, tag, nonce or bound data differ from what was sealed.
        """


def check_arguments(nonce: bytes, key: bytes | None = None) -> None:
    """Refuse a key that is not 16 bytes or a nonce that is not 12.

    Raises:
        SmError: a length is wrong (``kind`` is ``length``).
    """
    if key is not None and len(key) != KEY_BYTES:
        raise SmError(f"an SM4 key has {KEY_BYTES} bytes, this one {len(key)}", kind="length")
    if len(nonce) != NONCE_BYTES:
        raise SmError(f"a nonce has {NONCE_BYTES} bytes, this one {len(nonce)}", kind="length")


def _portable() -> Callable[[bytes], Sm4Gcm]:
    from langqiao.engines.sm.portable import PortableSm4Gcm

    return PortableSm4Gcm


def _libgcrypt() -> Callable[[bytes], Sm4Gcm]:
    from langqiao.engines.sm.libgcrypt import LibgcryptSm4Gcm, library

    library()
    return LibgcryptSm4Gcm


_BACK_ENDS: Final[dict[str, Callable[[], Callable[[bytes], Sm4Gcm]]]] = {
    "libgcrypt": _libgcrypt,
    "portable": _portable,
}
NAMES: Final = ("auto", *_BACK_ENDS)
"""What may be asked for; ``auto`` is the fastest that can be loaded."""


def back_end(name: str = "auto") -> tuple[str, Callable[[bytes], Sm4Gcm]]:
    """Return the name of a back end and what makes a cipher of a 16-byte key.

    Raises:
        SmError: an unknown name (``engine``), or a back end asked for by name that cannot be loaded; the
            message says why.
    """
    if name != "auto":
        if name not in _BACK_ENDS:
            raise SmError(f"unknown back end {name!r}; there are {', '.join(NAMES)}", kind="engine")
        return name, _BACK_ENDS[name]()
    for candidate, load in _BACK_ENDS.items():
        try:
            return candidate, load()
        except SmError as error:
            if error.kind != "engine":
                raise
    raise SmError("no back end can be loaded", kind="engine")


def sm4_gcm(key: bytes, engine: str = "auto") -> Sm4Gcm:
    """Return the cipher of one 16-byte key.

    >>> cipher = sm4_gcm(bytes(16), "portable")
    >>> cipher.open(bytes(12), cipher.seal(bytes(12), b"film", b"reel 1"), b"reel 1")
    b'film'

    Raises:
        SmError: the key has another length, or the back end cannot be loaded.
    """
    return back_end(engine)[1](key)
