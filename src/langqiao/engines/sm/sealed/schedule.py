"""Which key and nonce seal which segment, and what a leaf of the manifest digests.

One HKDF-SM3 for each key from the KME and each run: input is the 256-bit key, followed by the ML-KEM
secret where there is one; salt is the file's random ID; the info binds the header, the number of the
key and the run's salt. It gives an SM4 key and four bytes of nonce. A nonce is these four bytes, one
byte of kind and seven of the segment's number, so no nonce repeats under a key; a resumption is a new
run with new keys, so not even a source that was changed unseen between two runs would be sealed twice
under one nonce.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from langqiao.engines.sm.kdf import hkdf_sm3
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.layout import METADATA_PLAIN, Run
from langqiao.engines.sm.sealed.types import Header, ManifestKind, SealKey
from langqiao.engines.sm.sm3 import Sm3
from langqiao.engines.sm.sm4gcm import KEY_BYTES, TAG_BYTES, Readable, Sm4Gcm

SEGMENT: Final = 0
LAST: Final = 1
METADATA: Final = 2
_LABEL: Final = b"langqiao/sealed/1 key\0"
_SALT_BYTES: Final = 4
_NAME_BYTES: Final = 255


class Schedule:
    """Ciphers of one file: made when first needed, for at most a few keys at a time."""

    def __init__(
        self,
        header: Header,
        header_digest: bytes,
        keys: tuple[SealKey, ...],
        make: Callable[[bytes], Sm4Gcm],
        kem_secret: bytes = b"",
    ) -> None:
        if tuple(key.id for key in keys) != header.key_ids or any(len(key.value) != 32 for key in keys):
            raise SealedError("the keys are not those that the header names", kind="key")
        self._header, self._digest, self._keys, self._make = header, header_digest, keys, make
        self._secret = kem_secret
        self._ciphers: dict[tuple[int, bytes], tuple[Sm4Gcm, bytes]] = {}

    def __repr__(self) -> str:
        return "Schedule()"

    def _cipher(self, number: int, salt: bytes) -> tuple[Sm4Gcm, bytes]:
        place = (number, salt)
        found = self._ciphers.get(place)
        if found is None:
            okm = hkdf_sm3(
                self._keys[number].value + self._secret,
                salt=self._header.file_id,
                info=_LABEL + self._digest + struct.pack(">I", number) + salt,
                length=KEY_BYTES + _SALT_BYTES,
            )
            found = (self._make(okm[:KEY_BYTES]), okm[KEY_BYTES:])
            if len(self._ciphers) >= 16:
                self._ciphers.clear()
            self._ciphers[place] = found
        return found

    def segment(self, index: int, runs: tuple[Run, ...]) -> tuple[Sm4Gcm, bytes]:
        """Return the cipher and the nonce of a segment."""
        run = runs[bisect_right([run.first for run in runs], index) - 1]
        cipher, salt = self._cipher(index >> self._header.key_bits, run.salt)
        kind = LAST if index == self._header.segments - 1 else SEGMENT
        return cipher, salt + struct.pack(">Q", kind << 56 | index)

    def metadata(self, runs: tuple[Run, ...]) -> tuple[Sm4Gcm, bytes]:
        """Return the cipher and the nonce of the metadata."""
        cipher, salt = self._cipher(0, runs[0].salt)
        return cipher, salt + struct.pack(">Q", METADATA << 56)


def leaf(kind: ManifestKind, sealed: Readable) -> bytes:
    """Return the SM3 digest that stands for one sealed piece in the manifest."""
    running = Sm3()
    running.update(sealed if kind == "full" else sealed[-TAG_BYTES:])
    return running.digest()


def pack_metadata(name: str) -> bytes:
    """Return the padded metadata: the length of the file's name and the name, so that neither shows."""
    raw = name.encode("utf-8", "surrogatepass")
    if not 1 <= len(raw) <= _NAME_BYTES:
        raise SealedError("a file name has 1 to 255 bytes", kind="name")
    return (struct.pack(">H", len(raw)) + raw).ljust(METADATA_PLAIN, b"\0")


def parse_metadata(data: bytes) -> str:
    """Return the file's name; it is the sender's word and no path.

    Raises:
        SealedError: the metadata is malformed.
    """
    length = int.from_bytes(data[:2], "big")
    try:
        name = data[2 : 2 + length].decode("utf-8")
    except UnicodeDecodeError as error:
        raise SealedError("the file name is no UTF-8", kind="metadata", part="metadata") from error
    if not 1 <= length <= _NAME_BYTES or any(data[2 + length :]) or len(data) != METADATA_PLAIN:
        raise SealedError("the metadata is malformed", kind="metadata", part="metadata")
    return name


def safe_name(name: str) -> str:
    """Return a name that stays in its folder: no separators, no control characters, no leading dot."""
    kept = (
        "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in name)
        .lstrip(". ")
        .rstrip(". ")
    )
    return kept or "opened"
