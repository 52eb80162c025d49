"""Where keys come from: a key management entity, or a file that both ends were given.

``KmeKeys`` talks ETSI GS QKD 014 through any client with three methods; the engine itself opens no
connection.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.purse import KeysShort
from langqiao.engines.sm.sealed.types import SealKey

KEY_BITS: Final = 256
_LINE: Final = re.compile(r"([!-~]{1,64})[ \t]+([0-9a-fA-F]{64})")
_LIMIT: Final = 64 << 20


class DeliveredKey(Protocol):
    """One key as a client of ETSI GS QKD 014 hands it over."""

    @property
    def key_id(self) -> str:
        """The key_ID."""

    @property
    def key(self) -> bytes:
        """The key, decoded from base64."""


class KeyClient(Protocol):
    """What is needed of a client of ETSI GS QKD 014."""

    def get_keys(self, slave: str, *, number: int, size: int) -> Sequence[DeliveredKey]:
        """Get key (``enc_keys``): the KME removes what it delivers."""

    def get_keys_by_id(self, master: str, ids: Sequence[str]) -> Sequence[DeliveredKey]:
        """Get key with key IDs (``dec_keys``)."""


@dataclass(frozen=True)
class Patience:
    """How a KME that runs short is waited for; by default not at all.

    Attributes:
        seconds: How long keys are collected at most.
        pause: Seconds until it is asked again after an error of the client; None where waiting is no help.
        stock: How many keys the KME holds for a peer now; None where it does not tell.
        tell: Called before each wait with the keys taken, the keys wanted and the seconds.
        sleep: Waits so many seconds.
        clock: The time in seconds.
    """

    seconds: float = 0.0
    pause: Callable[[BaseException | None], float | None] = lambda _error: None
    stock: Callable[[str], int | None] = lambda _peer: None
    tell: Callable[[int, int, float], None] = lambda _taken, _wanted, _seconds: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class KmeKeys:
    """Keys from a KME, in requests of at most ``at_most`` keys.

    ``stored`` is the stored_key_count of its status, where it told one: without patience, more than that is
    not even asked for, since the rest would not be to be had. With ``patience`` a file may need more keys
    than the pool holds at any time: they are taken as they come.

    What the client raises is handed to ``refused``, which says in one sentence what to do; other errors pass.
    """

    def __init__(
        self, client: KeyClient, *, at_most: int = 16, errors: tuple[type[Exception], ...] = (),
        refused: Callable[[Exception], str] = str, stored: int | None = None,
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self._client, self._at_most, self._errors, self._say = client, max(1, at_most), errors, refused
        self._stored, self._patience = stored, patience or Patience()

    def _ask(self, ask: Callable[[], Sequence[DeliveredKey]]) -> list[SealKey]:
        try:
            found = [SealKey(key.key_id, key.key) for key in ask()]
        except self._errors as error:
            raise SealedError(self._say(error), kind="key") from error
        if any(len(key.value) * 8 != KEY_BITS for key in found):
            raise SealedError(f"the KME delivered a key of another size than {KEY_BITS} bits", kind="key")
        return found

    def take(self, peer: str, count: int) -> Sequence[SealKey]:
        """Ask for new keys shared with ``peer``, and wait for them as patience says.

        Raises:
            KeysShort: there are too few after that, or it was interrupted; it has those already taken.
            SealedError: none was taken.
        """
        if not self._patience.seconds and self._stored is not None and self._stored < count:
            raise SealedError(f"the KME holds {self._stored} keys for {peer}, {count} are needed", kind="key")
        found: list[SealKey] = []
        try:
            self._collect(peer, count, found)
        except KeyboardInterrupt as stopped:
            raise KeysShort("stopped while keys were taken", found, kind="cancelled") from stopped
        except SealedError as error:
            if not found:
                raise
            raise KeysShort(str(error), found, kind=error.kind) from error
        except self._errors as error:  # of the stock: what was taken is still told
            raise KeysShort(self._say(error), found) from error
        return found

    def _collect(self, peer: str, count: int, found: list[SealKey]) -> None:
        """Fill ``found``: as many keys a request as allowed, or as there are; where there are none, wait."""
        patience, most = self._patience, self._at_most
        end = patience.clock() + patience.seconds
        while len(found) < count:
            number = min(most, count - len(found))
            try:
                got = self._ask(partial(self._client.get_keys, peer, number=number, size=KEY_BITS))
            except SealedError as error:
                pause = patience.pause(error.__cause__)
                if pause is None:
                    raise
                most = patience.stock(peer) or 0
                if not 0 < most < number:
                    if patience.clock() + pause > end:
                        raise
                    patience.tell(len(found), count, pause)
                    patience.sleep(pause)
                    most = self._at_most
                continue
            found += got
            most = self._at_most
            if len(got) != number:
                raise SealedError(f"the KME delivered {len(got)} keys instead of {number}", kind="key")

    def fetch(self, peer: str, ids: Sequence[str]) -> Sequence[SealKey]:
        """Ask for the keys that ``peer`` took."""
        found: dict[str, SealKey] = {}
        for at in range(0, len(ids), self._at_most):
            part = list(ids[at : at + self._at_most])
            got = self._ask(partial(self._client.get_keys_by_id, peer, part))
            found.update((key.id, key) for key in got)
        missing = [identity for identity in ids if identity not in found]
        if missing:
            raise SealedError(f"the KME did not deliver {len(missing)} of {len(ids)} keys", kind="key")
        return [found[identity] for identity in ids]


class KeyFile:
    """Keys from a file that both ends hold: a line for each, ``ID`` and 64 hexadecimal digits.

    For offline use and tests. Each key is handed out once: its line is removed, durably, before it is
    used. The file's permissions must keep others out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"KeyFile({self._path.name!r})"

    def take(self, peer: str, count: int) -> Sequence[SealKey]:
        """Hand out the first ``count`` keys; a key file knows no peers."""
        return self._remove(lambda keys: list(keys)[:count], count, peer)

    def fetch(self, peer: str, ids: Sequence[str]) -> Sequence[SealKey]:
        """Hand out the keys of these IDs."""
        return self._remove(lambda keys: [identity for identity in ids if identity in keys], len(ids), peer)

    def _remove(self, choose: Callable[[dict[str, str]], list[str]], wanted: int, peer: str) -> list[SealKey]:
        with self._path.open("rb+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if os.fstat(stream.fileno()).st_mode & 0o077:
                raise SealedError(
                    f"{self._path.name} can be read by others; `chmod 600` mends it", kind="key"
                )
            keys = parse_key_file(stream.read(_LIMIT + 1))
            chosen = choose(keys)
            if len(chosen) < wanted:
                raise SealedError(
                    f"{self._path.name} holds {len(chosen)} of the {wanted} keys that are needed for {peer}",
                    kind="key",
                )
            found = [SealKey(identity, bytes.fromhex(keys.pop(identity))) for identity in chosen]
            rest = "".join(f"{identity} {digits}\n" for identity, digits in keys.items()).encode()
            # In place, so that the lock holds for whoever waits: the old bytes are overwritten, then cut off.
            length = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            stream.write(rest.ljust(length, b"\n"))
            stream.flush()
            os.fsync(stream.fileno())
            stream.truncate(len(rest))
        return found


def parse_key_file(raw: bytes) -> dict[str, str]:
    """Return the keys of a key file, in hexadecimal, by ID.

    Raises:
        SealedError: a line is malformed or an ID stands twice; no digit of a key is repeated in the message.
    """
    if len(raw) > _LIMIT:
        raise SealedError("a key file is at most 64 MiB long", kind="key")
    keys: dict[str, str] = {}
    for number, line in enumerate(raw.decode("latin-1").split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        if found is None:
            raise SealedError(f"line {number} of the key file is not an ID and 64 digits", kind="key")
        if found[1] in keys:
            raise SealedError(f"line {number} of the key file repeats an ID", kind="key")
        keys[found[1]] = found[2]
    return keys
