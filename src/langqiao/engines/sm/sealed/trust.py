"""Whose signature is believed: a text file of SM2 public keys and the SAE IDs they speak for.

One key a line: 130 hexadecimal digits (04‖x‖y), a space, the SAE ID. Empty lines and lines that begin
with # are comments. An SAE may have several keys, so that a new one can be announced before the old one
is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sm2 import Sm2PublicKey

_LIMIT: Final = 1 << 20


class TrustedKeys:
    """Public keys by SAE ID."""

    def __init__(self, keys: Iterable[tuple[str, Sm2PublicKey]]) -> None:
        self._keys: dict[tuple[str, bytes], Sm2PublicKey] = {(sae, key.fingerprint): key for sae, key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, sae: str, fingerprint: bytes) -> Sm2PublicKey:
        """Return the key of an SAE that has this fingerprint.

        Raises:
            SealedError: it is not among the trusted keys (``kind`` is ``untrusted``).
        """
        found = self._keys.get((sae, fingerprint))
        if found is None:
            known = any(name == sae for name, _print in self._keys)
            why = "signs with another key than the trusted one" if known else "has no trusted key"
            raise SealedError(f"{sae} {why} (fingerprint {fingerprint.hex()[:16]}…)", kind="untrusted")
        return found

    @classmethod
    def parse(cls, text: str) -> TrustedKeys:
        """Read the lines of a file of trusted keys.

        Raises:
            SealedError: a line is malformed; the message names it (``kind`` is ``trust``).
        """
        keys = []
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                continue
            digits, _space, sae = stripped.partition(" ")
            try:
                key = Sm2PublicKey.from_hex(digits)
            except SmError as error:
                raise SealedError(f"line {number}: {error}", kind="trust") from error
            if not sae.strip() or not sae.isprintable():
                raise SealedError(f"line {number}: the SAE ID after the key is missing", kind="trust")
            keys.append((sae.strip(), key))
        return cls(keys)

    @classmethod
    def load(cls, path: Path) -> TrustedKeys:
        """Read a file of trusted keys, at most 1 MiB of UTF-8.

        Raises:
            SealedError: see :meth:`parse`.
            OSError: it cannot be read.
        """
        with path.open("rb") as stream:
            raw = stream.read(_LIMIT + 1)
        if len(raw) > _LIMIT:
            raise SealedError("a file of trusted keys is at most 1 MiB long", kind="trust")
        try:
            return cls.parse(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise SealedError("the file of trusted keys is no UTF-8", kind="trust") from error
