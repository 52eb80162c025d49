"""Key identifiers that say to whom a key was issued, so that no message has to.

A key that the KME of the master took from the pool it shares with the KME of the slave bears a UUID of
version 8 (RFC 9562, 5.8): 48 bits serial of the first unit, 12 bits length in bytes less one, 62 bits of
HMAC-SM3 over serial, length, master and slave under a key that the two KMEs share. The KME of the slave
needs no notice: it recomputes the tag and refuses an SAE that the Get key did not name (401). The tag is no
function of the key.

Keys for several slaves are sent to each KME and bear random UUIDs (version 4).
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from typing import Final

from langqiao.engines.sm.kdf import Hmac

UNIT_BYTES: Final = 32
MAX_SERIAL: Final = (1 << 48) - 1
MAX_BYTES: Final = 1 << 12
_TAG_MASK: Final = (1 << 62) - 1
_SHAPE: Final = (8 << 76) | (0b10 << 62)


@dataclass(frozen=True, slots=True)
class PoolKey:
    """What a key identifier of a pool says: first unit, length in bytes, tag."""

    serial: int
    length: int
    tag: int

    @property
    def units(self) -> int:
        """Units of 32 bytes the key takes from the pool; what is left of the last one is thrown away."""
        return -(-self.length // UNIT_BYTES)


class Namer:
    """Names the keys of one direction of one pair of KMEs.

    Args:
        key: 32 bytes shared by both KMEs.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = Hmac(key)

    def __repr__(self) -> str:
        return "Namer()"

    def tag(self, serial: int, length: int, master: str, slave: str) -> int:
        """Return the 62-bit tag."""
        message = b"\0".join((b"%d" % serial, b"%d" % length, master.encode(), slave.encode()))
        return int.from_bytes(self._keyed.of(message)[:8], "big") & _TAG_MASK

    def name(self, serial: int, length: int, master: str, slave: str) -> str:
        """Return the UUID of a key."""
        number = serial << 80 | (length - 1) << 64 | _SHAPE | self.tag(serial, length, master, slave)
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def fits(self, key: PoolKey, master: str, slave: str) -> bool:
        """Say whether the key was issued for these two."""
        found = self.tag(key.serial, key.length, master, slave)
        return hmac.compare_digest(found.to_bytes(8, "big"), key.tag.to_bytes(8, "big"))


def pool_key(name: uuid.UUID) -> PoolKey | None:
    """Read a version 8 UUID; ``None`` for any other."""
    number = name.int
    if number >> 76 & 0xF != 8 or number >> 62 & 0b11 != 0b10:
        return None
    return PoolKey(serial=number >> 80, length=(number >> 64 & 0xFFF) + 1, tag=number & _TAG_MASK)
