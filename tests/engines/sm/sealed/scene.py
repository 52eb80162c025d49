"""A sender, a recipient and their keys: what every test of sealed files needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from langqiao.engines.sm import sm3
from langqiao.engines.sm.mlkem import KemPrivateKey
from langqiao.engines.sm.sealed import (
    Opened,
    Sealed,
    SealKey,
    SealOptions,
    TrustedKeys,
    Vault,
    open_sealed,
    seal,
)
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sm2 import Sm2PrivateKey

SENDER, RECIPIENT = "SAE-songjiang-1", "SAE-hefei-1"
SEGMENT = 4096
SIGNER = Sm2PrivateKey.generate()
READER = Sm2PrivateKey.generate()
TRUSTED = TrustedKeys([(SENDER, SIGNER.public), (RECIPIENT, READER.public)])


def pattern(length: int, seed: int = 0) -> bytes:
    """Bytes in which no two segments are alike."""
    block = b"".join(sm3(f"{seed}/{n}".encode()) for n in range(-(-length // 32)))
    return block[:length]


@dataclass
class OneTimeKeys:
    """Both ends of a KME pair: a key is handed out once at either end."""

    made: int = 0
    held: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def take(self, peer, count):
        self.calls.append("take")
        keys = [SealKey(f"key-{self.made + n}", sm3(f"{peer}{self.made + n}".encode())) for n in range(count)]
        self.made += count
        self.held.update((key.id, key.value) for key in keys)
        return keys

    def fetch(self, _peer, ids):
        self.calls.append("fetch")
        if any(identity not in self.held for identity in ids):
            raise SealedError("one or more keys specified are not found on KME", kind="key")
        return [SealKey(identity, self.held.pop(identity)) for identity in ids]


@dataclass
class Scene:
    """A folder with a film, and short ways to seal and open it."""

    folder: Path
    size: int = 5 * SEGMENT + 100
    options: SealOptions = field(
        default_factory=lambda: SealOptions(
            segment_bytes=SEGMENT, segments_per_key=2, engine="portable", workers=2
        )
    )
    keys: OneTimeKeys = field(default_factory=OneTimeKeys)
    kem: KemPrivateKey | None = None
    vault: Vault = field(default_factory=lambda: Vault(bytes(range(32))))

    def __post_init__(self) -> None:
        self.film.write_bytes(pattern(self.size))

    @property
    def film(self) -> Path:
        return self.folder / "样片 reel 1.mov"

    @property
    def sealed(self) -> Path:
        return self.folder / "film.lqs"

    @property
    def out(self) -> Path:
        return self.folder / "out.mov"

    def seal(self, **changes) -> Sealed:
        values = {
            "sender": SENDER, "recipient": RECIPIENT, "signer": SIGNER, "keys": self.keys, "vault": self.vault,
            "kem": self.kem.public if self.kem else None, "options": self.options,
        }  # fmt: skip
        return seal(self.film, self.sealed, **{**values, **changes})

    def open(self, target: Path | None = None, **changes) -> Opened:
        values = {
            "recipient": RECIPIENT, "trusted": TRUSTED, "keys": self.keys, "vault": self.vault, "kem": self.kem,
            "engine": "portable", "workers": 2,
        }  # fmt: skip
        return open_sealed(self.sealed, target or self.out, **{**values, **changes})

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}
