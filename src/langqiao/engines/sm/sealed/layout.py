"""The bytes of a sealed file, version 1: header, metadata, segments, trailer. All integers are big-endian.

Nothing here allocates what a length in the file asks for before that length is checked against the
file's size.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from langqiao.engines.sm.mlkem import CIPHERTEXT_BYTES
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.types import Header, ManifestKind
from langqiao.engines.sm.sm2 import SIGNATURE_BYTES
from langqiao.engines.sm.sm3 import DIGEST_BYTES, sm3
from langqiao.engines.sm.sm4gcm import TAG_BYTES

MAGIC: Final = b"\x89LQS\r\n\x1a\n"
"""As in PNG: a transfer that changes line ends or drops the eighth bit is noticed at once."""
END_MAGIC: Final = b"LQS-END\n"
VERSION: Final = 1
SUITE_SM: Final = 1
"""SM4-GCM, SM3, SM2, HKDF-SM3."""
SUITE_HYBRID: Final = 2
"""The same, with ML-KEM-768."""
SEGMENT_BITS: Final = range(12, 25)
KEY_BITS: Final = range(21)
LARGEST_HEADER: Final = 1 << 22
"""Room for some 110,000 key IDs."""
LARGEST_FILE: Final = 1 << 50
MOST_RUNS: Final = 4096
ID_BYTES: Final = 16
METADATA_PLAIN: Final = 258
METADATA_BYTES: Final = METADATA_PLAIN + TAG_BYTES
RUN_BYTES: Final = 24
RUN_SALT_BYTES: Final = 16

_MANIFESTS: Final[dict[int, ManifestKind]] = {1: "full", 2: "tags"}
_START: Final = struct.Struct(">8sBBBBBxxxIQQ16s32s")
"""magic, version, suite, manifest, segment bits, key bits, header length, size, created, file ID, key."""
START_BYTES: Final = _START.size
_RUN: Final = struct.Struct(">Q16s")
_FOOTER: Final = struct.Struct(">32s64sI8s")
"""manifest digest, signature, number of runs, magic."""
FOOTER_BYTES: Final = _FOOTER.size
_KEY_ID: Final = re.compile(r"[!-~]{1,64}")
_TIMES: Final = range(253_402_300_800)
"""Seconds of the years 1970 to 9999."""


@dataclass(frozen=True)
class Run:
    """One uninterrupted stretch of sealing: from segment ``first`` on its keys are derived with ``salt``."""

    first: int
    salt: bytes


@dataclass(frozen=True)
class Geometry:
    """Where everything lies. Offsets and lengths in bytes."""

    header_bytes: int
    size: int
    segment_bytes: int
    segments: int

    @classmethod
    def of(cls, header: Header, header_bytes: int) -> Geometry:
        """Lay out a file."""
        return cls(header_bytes, header.size, header.segment_bytes, header.segments)

    @property
    def start(self) -> int:
        """Where segment 0 begins."""
        return self.header_bytes + METADATA_BYTES

    @property
    def end(self) -> int:
        """Where the last segment ends and the leaves of the manifest begin."""
        return self.start + self.size + self.segments * TAG_BYTES

    @property
    def leaves_bytes(self) -> int:
        """Length of the manifest: a leaf for the metadata and one for every segment."""
        return (self.segments + 1) * DIGEST_BYTES

    def total(self, runs: int) -> int:
        """Length of the whole file with so many runs."""
        return self.end + self.leaves_bytes + runs * RUN_BYTES + FOOTER_BYTES

    def plain(self, index: int) -> tuple[int, int]:
        """Return offset and length of a segment in the plaintext."""
        offset = index * self.segment_bytes
        return offset, max(0, min(self.segment_bytes, self.size - offset))

    def sealed(self, index: int) -> tuple[int, int]:
        """Return offset and length of a segment, tag included, in the sealed file."""
        offset, length = self.plain(index)
        return self.start + offset + index * TAG_BYTES, length + TAG_BYTES

    def holder(self, position: int) -> int:
        """Return the segment to which a position of the sealed file belongs."""
        return max(0, min(self.segments - 1, (position - self.start) // (self.segment_bytes + TAG_BYTES)))


def _text(value: str, what: str) -> bytes:
    found = value.encode("utf-8", "surrogatepass")
    if not 1 <= len(found) <= 255 or not value.isprintable():
        raise SealedError(f"the {what} has 1 to 255 bytes of printable text", kind="name")
    return bytes([len(found)]) + found


def keys_needed(segments: int, key_bits: int) -> int:
    """Return how many keys a file of so many segments takes."""
    return -(-segments // (1 << key_bits))


def pack_header(header: Header) -> bytes:
    """Return the header's bytes, closed by their SM3 digest.

    Raises:
        SealedError: a value has no place in the format.
    """
    if not 0 <= header.size <= LARGEST_FILE:
        raise SealedError("the file is larger than 1 PiB", kind="options")
    if len(header.key_ids) != keys_needed(header.segments, header.key_bits):
        raise SealedError("the number of keys does not fit the number of segments", kind="options")
    body = bytearray(_text(header.sender, "sender's SAE ID") + _text(header.recipient, "recipient's SAE ID"))
    body += struct.pack(">I", len(header.key_ids))
    for identity in header.key_ids:
        if not _KEY_ID.fullmatch(identity):
            raise SealedError("a key ID has 1 to 64 visible ASCII characters", kind="key")
        body += bytes([len(identity)]) + identity.encode("ascii")
    if header.hybrid:
        body += header.kem_key + header.kem_ciphertext
    length = START_BYTES + len(body) + DIGEST_BYTES
    if length > LARGEST_HEADER:
        raise SealedError(
            "so many keys do not fit into a header; more segments must share a key", kind="options"
        )
    start = _START.pack(
        MAGIC,
        VERSION,
        SUITE_HYBRID if header.hybrid else SUITE_SM,
        next(number for number, name in _MANIFESTS.items() if name == header.manifest),
        header.segment_bits,
        header.key_bits,
        length,
        header.size,
        int(header.created.timestamp()),
        header.file_id,
        header.sender_key,
    )
    whole = start + bytes(body)
    return whole + sm3(whole)


def header_length(start: bytes) -> int:
    """Return the length of the whole header from its first bytes.

    Raises:
        SealedError: these are not the first bytes of a sealed file of version 1.
    """
    if len(start) < START_BYTES or start[: len(MAGIC)] != MAGIC:
        raise SealedError(
            "this is no sealed file, or its beginning was changed", kind="format", part="header"
        )
    if start[len(MAGIC)] != VERSION:
        raise SealedError(f"version {start[len(MAGIC)]} is not known", kind="format", part="header")
    length = int(_START.unpack_from(start)[6])
    if not START_BYTES + DIGEST_BYTES <= length <= LARGEST_HEADER:
        raise SealedError("the header's length is impossible", kind="header", part="header")
    return length


class _Reader:
    """Takes pieces off the front of the header; every piece is checked to be there."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, length: int) -> bytes:
        if length > self.end - self.at:
            raise SealedError("the header ends too early", kind="header", part="header")
        self.at += length
        return self.data[self.at - length : self.at]

    def text(self) -> str:
        try:
            found = self.take(self.take(1)[0]).decode("utf-8")
        except UnicodeDecodeError as error:
            raise SealedError("an SAE ID is no UTF-8", kind="header", part="header") from error
        if not found or not found.isprintable():
            raise SealedError("an SAE ID is empty or not printable", kind="header", part="header")
        return found

    def key_id(self) -> str:
        found = self.take(self.take(1)[0]).decode("latin-1")
        if not _KEY_ID.fullmatch(found):
            raise SealedError(
                "a key ID is not 1 to 64 visible ASCII characters", kind="header", part="header"
            )
        return found


def parse_header(data: bytes) -> Header:
    """Return the header of exactly these bytes.

    Raises:
        SealedError: they are not a header of version 1, or were changed.
    """
    if header_length(data) != len(data):
        raise SealedError("the header has another length than it says", kind="header", part="header")
    end = len(data) - DIGEST_BYTES
    if sm3(data[:end]) != data[end:]:
        raise SealedError("the header was changed", kind="header", part="header")
    fields = _START.unpack_from(data)
    _magic, _version, suite, manifest, segment_bits, key_bits, _length, size, created, file_id, key = fields
    known = suite in (SUITE_SM, SUITE_HYBRID) and manifest in _MANIFESTS
    if not known or segment_bits not in SEGMENT_BITS or key_bits not in KEY_BITS or data[13:16] != bytes(3):
        raise SealedError("the header asks for what version 1 does not have", kind="header", part="header")
    if size > LARGEST_FILE or created not in _TIMES:
        raise SealedError("the header's size or date is impossible", kind="header", part="header")
    reader = _Reader(data, START_BYTES, end)
    sender, recipient = reader.text(), reader.text()
    count = struct.unpack(">I", reader.take(4))[0]
    segments = max(1, -(-size // (1 << segment_bits)))
    if count != keys_needed(segments, key_bits):
        raise SealedError("the number of keys does not fit the size", kind="header", part="header")
    ids = tuple(reader.key_id() for _ in range(count))
    kem = (reader.take(DIGEST_BYTES), reader.take(CIPHERTEXT_BYTES)) if suite == SUITE_HYBRID else (b"", b"")
    if reader.at != end:
        raise SealedError("the header holds more than it should", kind="header", part="header")
    return Header(
        size=size, created=datetime.fromtimestamp(created, UTC), file_id=file_id, sender=sender,
        recipient=recipient, sender_key=key, key_ids=ids, segment_bits=segment_bits, key_bits=key_bits,
        manifest=_MANIFESTS[manifest], kem_key=kem[0], kem_ciphertext=kem[1],
    )  # fmt: skip


def pack_runs(runs: tuple[Run, ...]) -> bytes:
    """Return the table of runs."""
    return b"".join(_RUN.pack(run.first, run.salt) for run in runs)


def parse_runs(data: bytes, segments: int) -> tuple[Run, ...]:
    """Return the runs: the first begins at segment 0, each later one at a later segment.

    Raises:
        SealedError: they do not.
    """
    runs = tuple(Run(first, salt) for first, salt in _RUN.iter_unpack(data))
    firsts = [run.first for run in runs]
    if not firsts or firsts[0] != 0 or firsts[-1] > segments or firsts != sorted(set(firsts)):
        raise SealedError("the table of runs was changed", kind="trailer", part="trailer")
    return runs


@dataclass(frozen=True)
class Footer:
    """The last 108 bytes."""

    manifest_digest: bytes
    signature: bytes
    runs: int

    def pack(self) -> bytes:
        """Return the bytes."""
        return _FOOTER.pack(self.manifest_digest, self.signature, self.runs, END_MAGIC)

    @classmethod
    def parse(cls, data: bytes) -> Footer | None:
        """Return the footer, or None when these bytes are none."""
        if len(data) != FOOTER_BYTES:
            return None
        digest, signature, runs, magic = _FOOTER.unpack(data)
        return cls(digest, signature, runs) if magic == END_MAGIC and 1 <= runs <= MOST_RUNS else None


assert DIGEST_BYTES + SIGNATURE_BYTES + 4 + len(END_MAGIC) == FOOTER_BYTES


def manifest_digest(header_digest: bytes, runs: bytes, leaves: bytes | bytearray) -> bytes:
    """Return what the sender signs: SM3 over header digest, runs and leaves, each of stated length."""
    head = b"langqiao/sealed/1 manifest\0" + header_digest
    counts = struct.pack(">QQ", len(runs), len(leaves))
    return sm3(b"".join((head, counts, runs, leaves)))


def signed_message(digest: bytes) -> bytes:
    """Return the message under the SM2 signature."""
    return b"langqiao/sealed/1 signature\0" + digest
