"""What goes into and comes out of sealing and opening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

ManifestKind = Literal["full", "tags"]
"""What a leaf of the manifest digests: the whole sealed segment, or its authentication tag alone."""


@dataclass(frozen=True)
class SealKey:
    """One key from a key management entity; printing it does not print the value."""

    id: str
    value: bytes = field(repr=False)


class KeyProvider(Protocol):
    """Where keys come from. Each key is handed out once at either end and is then gone there."""

    def take(self, peer: str, count: int) -> Sequence[SealKey]:
        """Return ``count`` new 256-bit keys shared with the SAE ``peer``.

        Raises:
            SealedError: there are not enough (``kind`` is ``key``).
        """

    def fetch(self, peer: str, ids: Sequence[str]) -> Sequence[SealKey]:
        """Return the keys of these IDs, which the SAE ``peer`` took, in this order.

        Raises:
            SealedError: one of them is not, or no longer, there (``kind`` is ``key``).
        """


@dataclass(frozen=True)
class SealOptions:
    """How a file is cut and worked on.

    Attributes:
        segment_bytes: Size of a segment, a power of two from 4 KiB to 16 MiB.
        segments_per_key: Segments under one key from the KME, a power of two up to 2²⁰; with 1 MiB
            segments the default is one key a GiB.
        manifest: ``full`` signs an SM3 digest of every byte; ``tags`` signs the authentication tags
            only, which is faster and binds the sender towards everybody but the recipient, who has the
            keys.
        engine: Back end of SM4-GCM: ``auto``, ``portable`` or ``libgcrypt``.
        workers: Threads; 0 takes as many as there are processors, at most 8.
        checkpoint_bytes: After so many bytes the work done so far is made durable.
    """

    segment_bytes: int = 1 << 20
    segments_per_key: int = 1 << 10
    manifest: ManifestKind = "full"
    engine: str = "auto"
    workers: int = 0
    checkpoint_bytes: int = 64 << 20


@dataclass(frozen=True)
class Header:
    """What a sealed file says of itself in the clear; see docs/sealed-format.md."""

    size: int
    created: datetime
    file_id: bytes
    sender: str
    recipient: str
    sender_key: bytes
    key_ids: tuple[str, ...]
    segment_bits: int
    key_bits: int
    manifest: ManifestKind
    kem_key: bytes = b""
    kem_ciphertext: bytes = field(default=b"", repr=False)

    @property
    def segment_bytes(self) -> int:
        """Bytes of plaintext in every segment but the last."""
        return 1 << self.segment_bits

    @property
    def segments(self) -> int:
        """Number of segments; an empty file has one, of no bytes."""
        return max(1, -(-self.size // self.segment_bytes))

    @property
    def hybrid(self) -> bool:
        """Whether an ML-KEM secret joins the keys from the KME."""
        return bool(self.kem_ciphertext)


@dataclass(frozen=True)
class SealedInfo:
    """A sealed file whose structure is whole.

    ``manifest_digest`` is what the sender signed and what a receipt acknowledges.
    """

    path: Path
    header: Header
    header_digest: bytes
    manifest_digest: bytes
    signature: bytes
    runs: int
    sealed_bytes: int


@dataclass(frozen=True)
class Progress:
    """How far a seal, an opening or a check has come; ``bytes_done`` counts plaintext."""

    stage: Literal["check", "seal", "open"]
    segments_done: int
    segments: int
    bytes_done: int
    bytes: int


ProgressCallback = Callable[[Progress], None]
CancelCallback = Callable[[], bool]


@dataclass(frozen=True)
class Sealed:
    """A finished seal: ``resumed_at`` is the first segment this run made, 0 for one never interrupted."""

    info: SealedInfo
    engine: str
    seconds: float
    resumed_at: int


@dataclass(frozen=True)
class Opened:
    """A finished opening: the plaintext lies at ``target``."""

    info: SealedInfo
    target: Path
    name: str
    engine: str
    seconds: float
    resumed_at: int
