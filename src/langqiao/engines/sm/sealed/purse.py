"""Keys that were taken for a file whose sealing could not begin: too few were there, or it was stopped.

A KME hands a key out once, and a pool that refills slowly may need hours for a large file. What was taken is
kept beside the target, wrapped like a journal, until the next run has the rest. The file is gone before a
key from it is used, so that none serves twice, whenever the machine stops.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.journal import LARGEST_BLOB, draft_of, sync_folder
from langqiao.engines.sm.sealed.types import KeyProvider, SealKey
from langqiao.engines.sm.sealed.vault import Vault
from langqiao.engines.sm.sm2 import write_private

PURSE: Final = ".sealing-keys"
_MAGIC: Final = b"LQS-KEYS"


class KeysShort(SealedError):
    """Not all keys were to be had; those in ``taken`` are gone from where they came from."""

    def __init__(self, message: str, taken: Sequence[SealKey], *, kind: str = "key") -> None:
        super().__init__(message, kind=kind)
        self.taken = tuple(taken)


class Purse:
    """The keys kept for one target, between one sender and one recipient."""

    def __init__(self, path: Path, vault: Vault, sender: str, recipient: str) -> None:
        self.path, self._vault, self._between = path, vault, [sender, recipient]

    def take(self, keys: KeyProvider, count: int) -> tuple[SealKey, ...]:
        """Return ``count`` keys, first those kept, then new ones.

        Raises:
            SealedError: there are too few, and what there is was kept (``key``, ``cancelled``); what is
                kept is damaged (``secret``) or of another work (``journal``).
            OSError: the keys that were taken cannot be kept; they are lost.
        """
        kept = self._read()
        try:
            new = tuple(keys.take(self._between[1], count - len(kept))) if len(kept) < count else ()
        except KeysShort as short:
            held = (*kept, *short.taken)
            if not held:
                raise
            self._write(held)
            words = (
                f"{len(held)} of {count} keys are kept in {self.path.name}; the same command takes the rest"
            )
            raise SealedError(f"{short}; {words}", kind=short.kind) from short
        self._write((*kept, *new)[count:])
        return (*kept, *new)[:count]

    def _read(self) -> tuple[SealKey, ...]:
        try:
            with self.path.open("rb") as stream:
                raw = stream.read(LARGEST_BLOB)
        except FileNotFoundError:
            return ()
        if not raw.startswith(_MAGIC):
            raise SealedError(f"{self.path.name} holds no keys, or is damaged; remove it", kind="journal")
        values: dict[str, Any] = json.loads(self._vault.unwrap(raw[len(_MAGIC) :], _MAGIC))
        if values["between"] != self._between:
            between = " to ".join(values["between"])
            raise SealedError(
                f"{self.path.name} holds keys from {between}; finish that work or begin again", kind="journal"
            )
        return tuple(SealKey(identity, bytes.fromhex(value)) for identity, value in values["keys"])

    def _write(self, keys: Sequence[SealKey]) -> None:
        """Keep these keys and no others, durably; none leaves no file."""
        if keys:
            values = {"between": self._between, "keys": [[key.id, key.value.hex()] for key in keys]}
            draft = draft_of(self.path)
            draft.unlink(missing_ok=True)
            write_private(draft, _MAGIC + self._vault.wrap(json.dumps(values).encode(), _MAGIC))
            draft.replace(self.path)
        elif not self.path.exists():
            return
        else:
            self.path.unlink()
        sync_folder(self.path.parent)
