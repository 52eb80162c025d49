"""SM3, the cryptographic hash of GB/T 32905-2016 (SM3 密码杂凑算法): 256-bit digests.

The compression function is OpenSSL's, reached through PyCA cryptography; this module only
gives it the small interface which the ledger and the sealed files use.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from cryptography.hazmat.primitives import hashes

DIGEST_BYTES: Final = 32
"""Length of an SM3 digest in bytes."""

_CHUNK_BYTES: Final = 1 << 20
_EMPTY: Final = hashes.Hash(hashes.SM3())


class Sm3:
    """A running SM3 hash: feed it pieces, read the digest as often as wanted.

    >>> running = Sm3()
    >>> running.update(b"a")
    >>> running.update(b"bc")
    >>> running.digest() == sm3(b"abc")
    True
    """

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take in the next piece of the message."""
        self._hash.update(data)

    def digest(self) -> bytes:
        """Return the 32-byte digest of everything taken in; more pieces may follow."""
        return self._hash.copy().finalize()

    def hexdigest(self) -> str:
        """Return the digest as 64 lower-case hexadecimal digits."""
        return self.digest().hex()


def sm3(data: bytes) -> bytes:
    """Return the 32-byte SM3 digest (杂凑值) of ``data``.

    >>> sm3(b"abc").hex()[:16]
    '66c7f0f462eeedd9'
    """
    running = _EMPTY.copy()  # sooner than looking the algorithm up again
    running.update(data)
    return running.finalize()


def sm3_hex(data: bytes) -> str:
    """Return the SM3 digest of ``data`` as 64 lower-case hexadecimal digits."""
    return sm3(data).hex()


def sm3_file(stream: BinaryIO) -> bytes:
    """Return the SM3 digest of a binary stream, read from where it stands to its end.

    The stream is read in pieces of one mebibyte, so the size of the file does not matter.

    Raises:
        TypeError: the stream was opened as text.
    """
    running = Sm3()
    while piece := stream.read(_CHUNK_BYTES):
        running.update(piece)
    return running.digest()
