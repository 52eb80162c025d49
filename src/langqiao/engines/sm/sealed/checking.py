"""Reading a sealed file without its keys: structure, signature, every digest; and naming what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.layout import (
    END_MAGIC,
    FOOTER_BYTES,
    METADATA_BYTES,
    MOST_RUNS,
    RUN_BYTES,
    START_BYTES,
    Footer,
    Geometry,
    Run,
    header_length,
    manifest_digest,
    parse_header,
    parse_runs,
    signed_message,
)
from langqiao.engines.sm.sealed.pipeline import (
    Buffers,
    in_order,
    open_regular,
    read_exactly,
    stop_if_asked,
    worker_count,
)
from langqiao.engines.sm.sealed.schedule import leaf
from langqiao.engines.sm.sealed.trust import TrustedKeys
from langqiao.engines.sm.sealed.types import (
    CancelCallback,
    Header,
    Progress,
    ProgressCallback,
    SealedInfo,
)
from langqiao.engines.sm.sm3 import DIGEST_BYTES, sm3
from langqiao.engines.sm.sm4gcm import TAG_BYTES


@dataclass(frozen=True)
class Contents:
    """An open sealed file: its header and, once the structure is whole, leaves, runs and signature."""

    path: Path
    descriptor: int
    header: Header
    header_bytes: bytes
    geometry: Geometry
    leaves: bytes = b""
    runs: tuple[Run, ...] = ()
    manifest_digest: bytes = b""
    signature: bytes = b""

    @property
    def header_digest(self) -> bytes:
        """SM3 of the header, bound to every segment."""
        return sm3(self.header_bytes)

    def leaf(self, index: int) -> bytes:
        """Return what the manifest says of a segment; −1 is the metadata."""
        return self.leaves[(index + 1) * DIGEST_BYTES : (index + 2) * DIGEST_BYTES]

    def place(self, digest: bytes) -> int | None:
        """Return the segment whose leaf this digest is."""
        at = self.leaves.find(digest)
        while at >= 0 and at % DIGEST_BYTES:
            at = self.leaves.find(digest, at + 1)
        return at // DIGEST_BYTES - 1 if at > 0 else None

    def digest(self, index: int, shift: int = 0) -> bytes:
        """Return the digest of what stands at a segment's place."""
        offset, length = self.geometry.sealed(index)
        return leaf(self.header.manifest, os.pread(self.descriptor, length, offset + shift))

    def info(self) -> SealedInfo:
        """Return what may be known without keys."""
        return SealedInfo(
            self.path, self.header, self.header_digest, self.manifest_digest, self.signature,
            len(self.runs), self.geometry.total(len(self.runs)),
        )  # fmt: skip


def _header(descriptor: int, size: int) -> tuple[bytes, Header]:
    length = header_length(os.pread(descriptor, START_BYTES, 0))
    if length > size:
        raise SealedError("the file ends within the header", kind="truncated", part="header")
    raw = os.pread(descriptor, length, 0)
    return raw, parse_header(raw)


def _table(descriptor: int, end: int, footer: Footer, geometry: Geometry) -> tuple[bytes, bytes]:
    """Return leaves and runs of a trailer that ends at ``end``."""
    runs_bytes = footer.runs * RUN_BYTES
    at = end - FOOTER_BYTES - runs_bytes - geometry.leaves_bytes
    leaves = os.pread(descriptor, geometry.leaves_bytes, at)
    return leaves, os.pread(descriptor, runs_bytes, at + geometry.leaves_bytes)


@contextmanager
def contents(path: Path, workers: int = 0) -> Iterator[Contents]:
    """Open a sealed file and check header, length and manifest digest. The signature is not checked.

    Raises:
        SealedError: it is no sealed file or not whole; the place is named.
        OSError: it cannot be read.
    """
    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        raw, header = _header(descriptor, size)
        geometry = Geometry.of(header, len(raw))
        tail = os.pread(descriptor, FOOTER_BYTES, size - FOOTER_BYTES) if size > FOOTER_BYTES else b""
        footer = Footer.parse(tail)
        found = Contents(path, descriptor, header, raw, geometry)
        if footer is None or geometry.total(footer.runs) != size:
            raise _wrong_length(found, footer, size)
        leaves, runs = _table(descriptor, size, footer, geometry)
        if manifest_digest(found.header_digest, runs, leaves) != footer.manifest_digest:
            raise _wrong_manifest(replace(found, leaves=leaves), workers)
        yield replace(
            found, leaves=leaves, runs=parse_runs(runs, geometry.segments),
            manifest_digest=footer.manifest_digest, signature=footer.signature,
        )  # fmt: skip
    finally:
        os.close(descriptor)


def check_signature(found: Contents, trusted: TrustedKeys) -> None:
    """Check that the sender whom the header names signed the manifest.

    Raises:
        SealedError: the sender's key is not trusted (``untrusted``) or the signature is not the key's
            (``signature``).
    """
    key = trusted.find(found.header.sender, found.header.sender_key)
    if not key.verify(found.signature, signed_message(found.manifest_digest)):
        raise SealedError("the sender's signature does not fit", kind="signature", part="signature")


def _wrong_manifest(found: Contents, workers: int) -> SealedError:
    """Name the first piece that does not fit its leaf; if all do, the rest of the trailer was changed."""
    metadata = os.pread(found.descriptor, METADATA_BYTES, found.geometry.header_bytes)
    if leaf(found.header.manifest, metadata) != found.leaf(-1):
        return SealedError(
            "the metadata or its entry in the manifest was changed", kind="manifest", part="metadata"
        )
    with in_order(0, found.geometry.segments, found.digest, worker_count(workers)) as digests:
        for index, digest in enumerate(digests):
            if digest != found.leaf(index):
                return SealedError("its entry in the manifest was changed", kind="manifest", segment=index)
    return SealedError(
        "runs or manifest digest were changed; all segments are whole", kind="trailer", part="trailer"
    )


def misplaced(found: Contents, index: int, digest: bytes) -> SealedError:
    """Say why the segment at a place is not the one that the manifest has there."""
    other = found.place(digest)
    if other is None or other == index:
        return SealedError("the segment was changed", kind="changed", segment=index)
    if found.digest(other) == found.leaf(index):
        return SealedError(f"segment {other} stands here: the two are swapped", kind="swapped", segment=index)
    return SealedError(f"segment {other} is repeated here", kind="repeated", segment=index)


def _wrong_length(found: Contents, footer: Footer | None, size: int) -> SealedError:
    """Say where bytes are missing or too many; ``found`` has neither leaves nor runs yet."""
    descriptor, geometry = found.descriptor, found.geometry
    trailer = None if footer is None else geometry.total(footer.runs) - geometry.end
    if footer is not None and trailer is not None and size - trailer >= geometry.header_bytes:
        leaves, runs = _table(descriptor, size, footer, geometry)
        if manifest_digest(found.header_digest, runs, leaves) == footer.manifest_digest:
            return _shifted(replace(found, leaves=leaves), size - geometry.total(footer.runs))
    if size < geometry.total(1):
        if size < geometry.start:
            return SealedError("the file ends here", kind="truncated", part="metadata")
        if size < geometry.end:
            index = geometry.holder(size)
            left = geometry.segments - index
            why = f"the file ends here, {left} of {geometry.segments} segments are not whole"
            return SealedError(why, kind="truncated", segment=index)
        return SealedError("the file ends here; all segments are there", kind="truncated", part="manifest")
    for runs_number in range(1, MOST_RUNS + 1):
        end = geometry.total(runs_number)
        if end > size:
            break
        if os.pread(descriptor, len(END_MAGIC), end - len(END_MAGIC)) == END_MAGIC:
            return SealedError(f"{size - end} bytes follow the end", kind="extra", part="end")
    return SealedError("the trailer was changed or is not whole", kind="trailer", part="trailer")


def _shifted(found: Contents, surplus: int) -> SealedError:
    """Name the place from which everything is shifted, knowing that the manifest at the end is whole."""
    geometry = found.geometry
    metadata = os.pread(found.descriptor, METADATA_BYTES, geometry.header_bytes)
    if leaf(found.header.manifest, metadata) != found.leaf(-1):
        return SealedError("bytes were taken out or put in", kind="metadata", part="metadata")
    words = f"{-surplus} bytes are missing" if surplus < 0 else f"{surplus} bytes were put in"
    for index in range(geometry.segments):
        digest = found.digest(index)
        if digest == found.leaf(index):
            continue
        other = found.place(digest)
        if other is not None and other < index:
            return SealedError(f"segment {other} is repeated here", kind="repeated", segment=index)
        # One segment further, or nearer, everything fits again: a whole one was put in, or left out.
        stride = geometry.segment_bytes + TAG_BYTES
        if surplus > 0 and found.digest(index, stride) == found.leaf(index):
            return SealedError("a segment that is not of this file was put in", kind="extra", segment=index)
        if surplus < 0 and index + 1 < geometry.segments:
            offset, length = geometry.sealed(index + 1)
            here = os.pread(found.descriptor, length, offset - stride)
            if leaf(found.header.manifest, here) == found.leaf(index + 1):
                return SealedError(
                    "the segment is missing; the next one stands here", kind="missing", segment=index
                )
        kind = "missing" if surplus < 0 else "extra"
        return SealedError(f"{words} here or before the next segment", kind=kind, segment=index)
    return SealedError(f"{words} after the last segment", kind="extra", segment=geometry.segments - 1)


def inspect(path: Path) -> SealedInfo:
    """Return what a sealed file says of itself. Neither signature nor segments are checked.

    Raises:
        SealedError: it is no sealed file or not whole; the place is named.
        OSError: it cannot be read.
    """
    with contents(path) as found:
        return found.info()


def verify(
    path: Path,
    trusted: TrustedKeys,
    *,
    workers: int = 0,
    progress: ProgressCallback | None = None,
    cancel: CancelCallback | None = None,
) -> SealedInfo:
    """Check signature and every segment against the manifest, without keys: what a courier can do.

    With a manifest of tags only the tags are compared; the bytes before them are known to be whole when
    the file is opened.

    Raises:
        SealedError: something was changed, or the sender is not trusted; the place is named.
        OSError: it cannot be read.
    """
    with contents(path, workers) as found:
        check_signature(found, trusted)
        geometry, header = found.geometry, found.header
        metadata = os.pread(found.descriptor, METADATA_BYTES, geometry.header_bytes)
        if leaf(header.manifest, metadata) != found.leaf(-1):
            raise SealedError("the metadata was changed", kind="metadata", part="metadata")
        buffers = Buffers(header.segment_bytes + TAG_BYTES)

        def digest(index: int) -> bytes:
            offset, length = geometry.sealed(index)
            view = buffers.one[:length]
            read_exactly(found.descriptor, view, offset)
            return leaf(header.manifest, view)

        with in_order(0, geometry.segments, digest, worker_count(workers)) as digests:
            for index, made in enumerate(digests):
                stop_if_asked(cancel)
                if made != found.leaf(index):
                    raise misplaced(found, index, made)
                if progress is not None:
                    done = sum(geometry.plain(index))
                    progress(Progress("check", index + 1, geometry.segments, done, geometry.size))
        return found.info()
